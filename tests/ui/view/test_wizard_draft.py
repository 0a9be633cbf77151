# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.keys import KeyInfo, KeyKind, KeyOwner
from mnclient.model.service_status import ManagedHomeAddress, Origin
from tests.ui import samples
from tests.ui.wizard.people import AGENT, FIRST, HOME, INVITATION, SECRET, START, TWO_INTERFACES, TYPED
from ui.view.wizard_draft import (
    Draft,
    Protect,
    Way,
    address_complaint,
    agent_complaint,
    facts_of,
    goes_unprotected,
    home_address_of,
    home_agent_of,
    key_of,
    order_of,
    prefix_of,
    protection_of,
    protections,
    spi_complaint,
    succeeds,
    would_lose,
)
from ui.view.wizard_flow import Facts, State

FOUND = Draft(way=Way.FOUND, found_agent=AGENT, suggestion=FIRST)
INVITED = Draft(way=Way.INVITATION, invitation=INVITATION)
BY_HAND = Draft(way=Way.TYPED, agent_text=" 2001:db8:9::1 ")
SIGNING = replace(START, protections=("rfc4285",))
INSTALLED = KeyInfo(
    home_address=FIRST,
    home_agent=AGENT,
    kind=KeyKind.RFC4285,
    algorithm="hmac-sha1-96",
    spi_in=4096,
    spi_out=4097,
    owner=KeyOwner.COMPUTER,
    created_time=0.0,
    available=True,
)


def test_no_secret_in_any_representation():
    draft = replace(INVITED, secret_text=SECRET.hex(), made_secret=SECRET)
    assert SECRET.hex() not in repr(draft) and repr(SECRET) not in repr(draft)
    assert repr(SECRET) not in repr(key_of(draft, SIGNING))


def test_who_looks_after_the_address():
    assert home_agent_of(FOUND) == AGENT and prefix_of(FOUND, START) == HOME
    assert home_agent_of(INVITED) == AGENT and home_address_of(INVITED, START) == INVITATION.home_address
    assert home_agent_of(BY_HAND) == IPv6Address("2001:db8:9::1")
    assert prefix_of(BY_HAND, START) == IPv6Network("2001:db8:9::/64")
    assert home_agent_of(Draft()) is None and prefix_of(Draft(), START) is None
    wide = replace(BY_HAND, prefix_text="2001:db8::/32")
    assert prefix_of(wide, START) == IPv6Network("2001:db8::/32")


@pytest.mark.parametrize(
    "text, is_fine",
    [
        ("2001:db8::1", True),
        ("[2001:db8::1]", True),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("::1", False),
        ("::", False),
        ("192.0.2.1", False),
        ("router.example", False),
        ("2001:db8::/64", False),
        ("\N{FULLWIDTH DIGIT TWO}001:db8::1", False),
        ("\x00" * 50, False),
        ("1" * 100_000, False),
        ("", False),
    ],
)
def test_a_typed_home_agent(text, is_fine):
    assert (agent_complaint(text) is None) is is_fine
    assert (agent_complaint(text) == "") is (text == "")


@pytest.mark.parametrize(
    "text, complaint",
    [
        (str(TYPED), None),
        ("", ""),
        ("2001:db8:2::5", "home network 2001:db8:1::/64"),
        ("2001:db8:1::", "all routers"),
        (str(AGENT), "home agent itself"),
        ("fe80::5", "Nobody can reach"),
        ("x", "not an IPv6 address"),
        (str(samples.ADDRESS), "already"),
    ],
)
def test_a_typed_home_address(text, complaint):
    managed = ManagedHomeAddress(
        address=samples.ADDRESS, prefix=HOME, home_agent=AGENT, origin=Origin.MANUAL, preferred=True, active=True
    )
    status = replace(START, home_addresses=(managed,))
    draft = replace(FOUND, is_address_typed=True, address_text=text)
    found = address_complaint(draft, status)
    assert found == complaint if not complaint else complaint in found
    assert (home_address_of(draft, status) is not None) is (complaint is None)


@pytest.mark.parametrize("text", ["2001:db8:9::", "2001:db8:9::/0", "2001:db8:9::/129", "x/64", "2001:db8:7::/64"])
def test_a_home_network_that_cannot_be_one(text):
    assert prefix_of(replace(BY_HAND, prefix_text=text), START) is None
    assert State.AGENT in facts_of(replace(BY_HAND, prefix_text=text), START).incomplete


def test_going_without_a_key_is_the_default_only_where_no_key_would_protect():
    assert protection_of(FOUND, START) is Protect.NONE
    assert protection_of(FOUND, SIGNING) is None
    assert protection_of(FOUND, None) is None
    assert protection_of(INVITED, SIGNING) is Protect.INVITATION
    assert protections(INVITED, SIGNING) == (Protect.INVITATION, Protect.TYPED, Protect.NONE)
    assert protection_of(replace(FOUND, protect=Protect.INVITATION), SIGNING) is None  # chosen before, and gone


def test_what_is_there_is_not_asked_for():
    status = replace(SIGNING, keys=(INSTALLED,))
    assert protection_of(FOUND, status) is Protect.INSTALLED
    assert facts_of(FOUND, status).skipped == {State.PROTECTION, State.INTERFACES}
    assert State.PROTECTION not in facts_of(FOUND, replace(status, protections=())).skipped  # the risk is said
    assert facts_of(INVITED, SIGNING).skipped == {State.ADDRESS, State.INTERFACES}
    assert facts_of(FOUND, TWO_INTERFACES).skipped == frozenset()


def test_a_new_key_for_an_address_that_is_here_leaves_nothing_to_choose():
    old = replace(INSTALLED, home_address=INVITATION.home_address, spi_in=9000, spi_out=9001)
    here = ManagedHomeAddress(
        address=INVITATION.home_address,
        prefix=HOME,
        home_agent=AGENT,
        origin=Origin.MANUAL,
        preferred=True,
        active=True,
    )
    status = replace(TWO_INTERFACES, protections=("rfc4285",), home_addresses=(here,), keys=(old,))
    assert succeeds(INVITED, status) == old and succeeds(FOUND, status) is None
    assert protections(INVITED, status) == (Protect.INVITATION,)
    assert protection_of(replace(INVITED, protect=Protect.NONE), status) is Protect.INVITATION
    assert facts_of(INVITED, status) == Facts(frozenset({State.ADDRESS, State.PROTECTION, State.INTERFACES}))
    used = replace(status, keys=(replace(old, spi_in=4096, spi_out=4097),))
    assert State.AGENT in facts_of(INVITED, used).incomplete


def test_a_key_that_is_only_kept_protects_nothing():
    assert goes_unprotected(INVITED, START) and not goes_unprotected(INVITED, SIGNING)
    assert goes_unprotected(replace(INVITED, protect=Protect.NONE), SIGNING)
    assert goes_unprotected(replace(INVITED, protect=Protect.TYPED, kind=KeyKind.ESP), SIGNING)


def test_a_typed_key_is_complete_or_not_there():
    complete = {"secret_text": SECRET.hex(), "spi_in_text": "0x1000", "spi_out_text": "4097"}
    draft = replace(FOUND, protect=Protect.TYPED, **complete)
    assert key_of(draft, SIGNING).secret == SECRET and key_of(draft, SIGNING).spi_in == 4096
    for name in complete:
        assert key_of(replace(draft, **{name: "7"}), SIGNING) is None
        assert State.PROTECTION in facts_of(replace(draft, **{name: ""}), SIGNING).incomplete
    assert spi_complaint("255") and spi_complaint("256") is None and spi_complaint("") == ""


def test_the_order_follows_what_is_there():
    draft = replace(FOUND, order=("wwan0", "gone0"))
    assert order_of(draft, TWO_INTERFACES) == ("wwan0", "eth0", "wlan0")
    assert order_of(FOUND, TWO_INTERFACES) == ("eth0", "wlan0", "wwan0")


def test_what_closing_would_lose():
    assert not would_lose(FOUND)
    assert would_lose(INVITED) and would_lose(BY_HAND)
    assert would_lose(replace(FOUND, made_secret=SECRET)) and would_lose(replace(FOUND, address_text="2"))
