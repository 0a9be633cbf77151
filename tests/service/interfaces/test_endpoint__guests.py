# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests on the bus: what goes in as text comes out as values, and no secret ever does."""

import logging
from dataclasses import replace
from ipaddress import IPv6Network

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.guest import GuestState, GuestWish, RotationWish
from mnclient.model.keys import KeyKind
from service import contract
from service.client import Client
from service.interfaces.bus import BusFace
from tests.service.fake_core import ADDRESS, HOME_AGENT
from tests.service.fake_guests import GUEST
from tests.service.fake_node import Machine
from tests.service.interfaces.on_a_bus import call, service
from tests.service.private_bus import private_bus
from tests.service.test_core_guests import HOME_AGENT as SETTINGS
from tests.service.test_core_guests import SECRET, WISH

CARE_OF = IPv6Network("2001:db8:2::/64")
BODY = ["laptop", str(HOME_AGENT), str(ADDRESS), "rfc4285", "hmac-sha1-96", 1.5, [str(CARE_OF)], b"secret"]


async def test_a_wish_arrives_as_it_was_meant():
    async with service() as (core, caller, face):
        async with Client.connect(face._address) as client:
            wish = GuestWish(name="x", kind=KeyKind.ESP, algorithm="aes-gcm-128", secret=b"secret")
            guest = await client.invite(wish)
            assert core.guests.wish == wish
            assert guest == replace(GUEST, name="x", kind=KeyKind.ESP, algorithm="aes-gcm-128", expires_time=None)
            assert await client.guests() == (GUEST,)
            assert (await client.revoke("x")).state is GuestState.REVOKED
        await call(caller, "Invite", *BODY)
        assert core.guests.wish == GuestWish(
            name="laptop",
            kind=KeyKind.RFC4285,
            algorithm="hmac-sha1-96",
            secret=b"secret",
            home_agent=HOME_AGENT,
            home_address=ADDRESS,
            expires_time=1.5,
            care_of_addresses=(CARE_OF,),
        )
        assert core.calls == [("invite", "x"), ("revoke", "x"), ("invite", "laptop")]


@pytest.mark.parametrize(
    "place, value",
    [
        (1, "x"),
        (2, "2001:db8::/64"),
        (3, "md5"),
        (5, float("nan")),
        (5, float("inf")),
        (5, -1.0),
        (6, ["x"]),
        (6, ["2001:db8::1/64"]),
    ],
)
async def test_what_is_not_of_its_form_is_refused(place, value):
    async with service() as (core, caller, _face):
        reply = await call(caller, "Invite", *(value if at == place else each for at, each in enumerate(BODY)))
        assert reply.error_name == contract.ERROR_PREFIX + "InvalidArgument"
        assert core.calls == []


async def test_a_new_key_arrives_as_it_was_meant():
    async with service() as (core, caller, face):
        async with Client.connect(face._address) as client:
            wish = RotationWish(name="x", algorithm="hmac-sha1-96", secret=b"secret")
            guest = await client.rotate_key(wish)
            assert core.guests.rotation == wish and "secret" not in repr(wish)
            assert guest.retiring is not None and guest.retiring.ends_time is None and guest.name == "x"
            guest = await client.rotate_key(replace(wish, overlap_until=1.5))
            assert guest.retiring is not None and guest.retiring.ends_time == 1.5
        for wrong in (float("nan"), float("inf"), -1.0):
            core.calls.clear()
            reply = await call(caller, "RotateKey", "x", "hmac-sha1-96", wrong, b"secret")
            assert reply.error_name == contract.ERROR_PREFIX + "InvalidArgument" and core.calls == []


async def test_the_secret_goes_one_way(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("tests.service.fake_node.FakeNode.protections", ("rfc4285",))
    machine, seen = Machine(tmp_path), []
    with private_bus() as bus:
        async with machine.running(SETTINGS) as core:
            face = BusFace(core, bus.address)
            await face.start()
            async with Client.connect(bus.address) as client:
                seen.append(repr(await client.invite(WISH)))
                for wrong in (
                    WISH,
                    replace(WISH, name="y", secret=SECRET[:-1]),
                    replace(WISH, name="z", kind=KeyKind.ESP),
                ):
                    with pytest.raises(MobileIPv6Error) as caught:
                        await client.invite(wrong)
                    seen.append(repr(caught.value) + repr(vars(caught.value)))
                seen += [repr(await client.guests()), repr(await client.status()), repr(await client.revoke("laptop"))]
            await face.stop()
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "keys.json"]
    seen += [caplog.text, *(path.read_text() for path in files)]
    for text in seen:
        assert "c0ffee" not in text.lower().replace(":", "") and "\\xc0\\xff" not in text
