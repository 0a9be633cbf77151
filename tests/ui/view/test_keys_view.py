# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Network

from mnclient.model.invitation import invitation_text, parse_invitation
from mnclient.model.keys import KeyKind, KeyOwner
from tests.ui import samples
from tests.ui.keys.samples import COMPUTERS, MISSING, USERS, with_keys
from ui.view import keys_view as view
from ui.view.key_text import Secret

SECRET = Secret(bytes(range(0x80, 0x90)))


def test_a_key_is_told_by_everything_but_the_key():
    row, other = view.key_rows(with_keys(USERS, COMPUTERS))
    assert row.title == "2001:db8:1::10 at 2001:db8:1::1"
    assert row.detail == "On this computer, HMAC-SHA1, added 3 days ago"
    assert other.detail == "In my keyring, AES-GCM with 256 bits, added 3 days ago"


def test_a_key_that_the_service_lacks_says_so_in_word_and_shape():
    (row,) = view.key_rows(with_keys(MISSING))
    assert row.icon == "warning" and "does not have it now" in row.detail


def test_an_algorithm_of_another_version_keeps_its_name():
    assert view.algorithm_title(replace(COMPUTERS, algorithm="hmac-new")) == "hmac-new"


def test_what_is_only_kept_is_told():
    assert view.unused_kind_words(with_keys(COMPUTERS), KeyKind.RFC4285) == view.KEPT_ONLY
    assert view.unused_kind_words(with_keys(COMPUTERS, protections=("rfc4285",)), KeyKind.RFC4285) == ""
    assert view.unused_kind_words(None, KeyKind.ESP) == ""


def plan():
    return view.KeyPlan(
        home_address=samples.ADDRESS,
        home_agent=samples.HOME_AGENT,
        kind=KeyKind.RFC4285,
        algorithm="hmac-sha1-96",
        spi_in=4097,
        spi_out=4098,
        owner=KeyOwner.USER,
        secret=SECRET,
    )


def test_the_file_for_the_home_agent_can_be_read_as_an_invitation():
    invitation = plan().invitation(samples.HOME)
    assert parse_invitation(invitation_text(invitation)) == invitation
    assert invitation.secret == SECRET.octets and (invitation.spi_in, invitation.spi_out) == (4097, 4098)


def test_a_plan_does_not_show_its_key():
    shown = f"{plan()!r} {plan()} {plan().invitation(samples.HOME)!r}"
    assert repr(SECRET.octets)[2:-1] not in shown and SECRET.octets.hex() not in shown


def test_the_prefix_of_a_home_address():
    assert view.prefix_of(samples.AWAY, samples.ADDRESS) == samples.HOME
    assert view.prefix_of(None, samples.SECOND_ADDRESS) == IPv6Network("2001:db8:7::/64")


def test_numbers_in_use_are_not_drawn_again():
    assert view.taken_spis((COMPUTERS, USERS)) == {4097, 4098, 5098}
