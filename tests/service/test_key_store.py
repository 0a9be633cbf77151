# SPDX-License-Identifier: GPL-2.0-or-later
import os
from ipaddress import IPv6Address

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KEY_ALGORITHMS, MAX_KEYS, KeyKind, KeyOwner
from service.contract import InvalidArgument, UnknownThing
from service.key_store import KeyStore

HOME = IPv6Address("2001:db8:1::10")
AGENT = IPv6Address("2001:db8:1::1")
SECRET = bytes.fromhex("c0ffee00c0ffee01c0ffee02c0ffee03")
OTHER_SECRET = bytes(range(16))
IDENTITY = (HOME, AGENT, 1001)
GOOD = {
    "home_address": HOME,
    "home_agent": AGENT,
    "kind": KeyKind.RFC4285,
    "algorithm": "hmac-sha1-96",
    "spi_in": 1000,
    "spi_out": 1001,
    "secret": SECRET,
    "owner": KeyOwner.COMPUTER,
}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state"


def opened(folder):
    store = KeyStore(folder, lambda: 1_800_000_000.5)
    store.load()
    assert (store.refusal, store.damaged) == ("", "")
    return store


def test_a_key_of_this_computer_survives_a_restart(folder):
    store = opened(folder)
    store.set(**GOOD)
    again = opened(folder)
    assert again.infos() == store.infos()
    (info,) = again.infos()
    assert (info.identity, info.available, info.created_time) == (IDENTITY, True, 1_800_000_000.5)
    assert again.secret(IDENTITY) == SECRET
    again.remove(IDENTITY)
    assert again.infos() == ()
    assert opened(folder).infos() == ()
    assert SECRET.hex().encode() not in store.path.read_bytes()


def test_a_users_key_is_never_on_disk(folder):
    store = opened(folder)
    store.set(**GOOD | {"owner": KeyOwner.USER})
    assert store.infos()[0].available
    content = store.path.read_bytes()
    assert SECRET not in content and SECRET.hex().encode() not in content
    again = opened(folder)
    assert not again.infos()[0].available
    with pytest.raises(UnknownThing, match="not available"):
        again.secret(IDENTITY)
    again.provide(IDENTITY, SECRET)
    assert again.infos()[0].available
    assert again.secret(IDENTITY) == SECRET
    assert store.path.read_bytes() == content


def test_what_is_provided_is_what_is_missing(folder):
    store = opened(folder)
    store.set(**GOOD)
    store.set(**GOOD | {"owner": KeyOwner.USER, "spi_in": 2000, "spi_out": 2001})
    users = (HOME, AGENT, 2001)
    for identity, secret, error, words in (
        (IDENTITY, SECRET, InvalidArgument, "kept by this computer"),
        ((HOME, AGENT, 3001), SECRET, UnknownThing, "There is no key"),
        (users, OTHER_SECRET, InvalidArgument, "is another one"),
        (users, SECRET[:-1], InvalidArgument, "15 octets"),
    ):
        with pytest.raises(error, match=words):
            store.provide(identity, secret)
    store.provide(users, SECRET)  # the same again: two trays of one person
    assert store.secret(users) == SECRET


def test_a_key_is_replaced_by_its_owner_only(folder):
    store = opened(folder)
    store.set(**GOOD)
    store.set(**GOOD | {"secret": OTHER_SECRET, "spi_in": 5000})
    assert store.secret(IDENTITY) == OTHER_SECRET
    assert [each.spi_in for each in store.infos()] == [5000]
    with pytest.raises(InvalidArgument, match="belongs to this computer"):
        store.set(**GOOD | {"owner": KeyOwner.USER})
    store.remove(IDENTITY)
    store.set(**GOOD | {"owner": KeyOwner.USER})
    with pytest.raises(InvalidArgument, match="belongs to a user"):
        store.set(**GOOD)


def test_keys_are_rotated_with_an_overlap(folder):
    store = opened(folder)
    store.set(**GOOD)
    store.set(**GOOD | {"spi_in": 2000, "spi_out": 2001, "secret": OTHER_SECRET})
    assert len(store.infos()) == 2
    store.remove(IDENTITY)
    assert [each.spi_out for each in opened(folder).infos()] == [2001]


def test_an_incoming_spi_names_one_key(folder):
    store = opened(folder)
    store.set(**GOOD)
    with pytest.raises(InvalidArgument, match="1000 is in use"):
        store.set(**GOOD | {"spi_out": 2001})
    store.set(**GOOD | {"spi_out": 2001, "home_address": IPv6Address("2001:db8:1::11")})


@pytest.mark.requirement("RFC4285-ALL-3.1-01", "RFC4285-ALL-5.1-01")
@pytest.mark.parametrize(
    "change, words",
    [
        ({"algorithm": "md5"}, "'md5' is not an algorithm for rfc4285 .*hmac-sha1-96"),
        ({"algorithm": "aes-gcm-256", "secret": bytes(36)}, "is not an algorithm for rfc4285"),
        ({"kind": KeyKind.ESP}, "is not an algorithm for esp .*aes-gcm-256"),
        pytest.param(
            {"kind": KeyKind.ESP, "algorithm": "null+hmac-sha-256", "secret": bytes(32)},
            "is not an algorithm for esp .*aes-gcm-256",
            marks=pytest.mark.requirement("RFC4877-ALL-4.3-02"),
        ),
        ({"secret": b""}, "0 octets.*16 octets"),
        ({"secret": SECRET + b"x"}, "17 octets.*16 octets"),
        ({"spi_in": 255}, r"255 is not .*\(spi_in\).*256 to 4294967295"),
        ({"spi_out": 0}, r"0 is not .*\(spi_out\)"),
        ({"home_agent": HOME}, "is the home agent itself"),
        ({"home_agent": IPv6Address("fe80::1")}, "not a unicast routable"),
        ({"home_address": IPv6Address("ff02::1")}, "not a unicast routable"),
        ({"home_address": IPv6Address("::")}, "not a unicast routable"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_key_is_refused_and_nothing_happens(folder, change, words):
    store = opened(folder)
    store.set(**GOOD | {"spi_in": 9000, "spi_out": 9001})
    before = store.path.read_bytes(), store.infos()
    with pytest.raises(InvalidArgument, match=words):
        store.set(**GOOD | change)
    assert (store.path.read_bytes(), store.infos()) == before


def test_every_algorithm_can_be_kept(folder):
    store = opened(folder)
    spi = 256
    for kind, algorithms in KEY_ALGORITHMS.items():
        for each in algorithms:
            change = {"kind": kind, "algorithm": each.name, "secret": os.urandom(each.low)}
            store.set(**GOOD | change | {"spi_in": spi, "spi_out": spi})
            spi += 1
    assert opened(folder).infos() == store.infos()


def test_there_is_an_end_to_keys(folder):
    store = opened(folder)
    for number in range(MAX_KEYS):
        store.set(**GOOD | {"spi_in": 1000 + number, "spi_out": 1000 + number})
    with pytest.raises(MobileIPv6Error, match="64 keys"):
        store.set(**GOOD | {"spi_in": 5000, "spi_out": 5000})
    store.set(**GOOD | {"spi_in": 1001, "spi_out": 1001})
    assert len(opened(folder).infos()) == MAX_KEYS


def test_what_does_not_exist_is_named_with_what_does(folder):
    store = opened(folder)
    with pytest.raises(UnknownThing, match="there is none"):
        store.remove(IDENTITY)
    store.set(**GOOD)
    with pytest.raises(UnknownThing, match=f"known are: {HOME} at {AGENT} with 1001"):
        store.remove((HOME, AGENT, 7))


def test_memory_is_overwritten(folder):
    store = opened(folder)
    store.set(**GOOD)
    first = store._secrets[IDENTITY]
    store.set(**GOOD | {"secret": OTHER_SECRET})
    second = store._secrets[IDENTITY]
    assert bytes(first) == bytes(16) and bytes(second) == OTHER_SECRET
    store.wipe()
    assert bytes(second) == bytes(16)
    assert store.infos() == ()
    again = opened(folder)
    held = again._secrets[IDENTITY]
    again.remove(IDENTITY)
    assert bytes(held) == bytes(16)


@pytest.mark.parametrize("change", ["disk", "mode"])
def test_what_cannot_be_stored_is_not_taken(folder, change, monkeypatch):
    store = opened(folder)
    store.set(**GOOD)
    if change == "mode":
        store.path.parent.chmod(0o755)
    else:

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("service.key_file.write_atomically", full)
    for act in (
        lambda: store.set(**GOOD | {"secret": OTHER_SECRET}),
        lambda: store.remove(IDENTITY),
    ):
        with pytest.raises(MobileIPv6Error, match="cannot be changed.*keys.json") as raised:
            act()
        assert "systemctl reload" in raised.value.hint
    assert store.secret(IDENTITY) == SECRET
    monkeypatch.undo()
    store.path.parent.chmod(0o700)
    assert opened(folder).secret(IDENTITY) == SECRET


def test_reading_again_keeps_what_was_provided(folder):
    store = opened(folder)
    store.set(**GOOD)
    store.set(**GOOD | {"owner": KeyOwner.USER, "spi_in": 2000, "spi_out": 2001, "secret": OTHER_SECRET})
    store.load()
    assert store.secret((HOME, AGENT, 2001)) == OTHER_SECRET
    assert all(each.available for each in store.infos())
    held = store._secrets[(HOME, AGENT, 2001)]
    store.path.chmod(0o640)
    store.load()
    assert store.refusal
    assert store.infos() == ()
    assert bytes(held) == bytes(16)
