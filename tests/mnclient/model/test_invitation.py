# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.invitation import (
    LARGEST_INVITATION,
    Invitation,
    InvitationError,
    SealedInvitation,
    invitation_text,
    parse_invitation,
)
from mnclient.model.keys import KeyKind

SECRET = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
PLAIN = Invitation(name="laptop", home_agent=IPv6Address("2001:db8:1::1"), prefix=IPv6Network("2001:db8:1::/64"))
WITH_KEY = replace(
    PLAIN,
    home_address=IPv6Address("2001:db8:1::10"),
    kind=KeyKind.RFC4285,
    algorithm="hmac-sha1-96",
    spi_in=1000,
    spi_out=4_294_967_295,
    secret=SECRET,
    expires_time=1_800_000_000.0,
    identity="laptop@example.org",
)
SEALED = SealedInvitation(name="laptop", cost=16, salt=bytes(16), nonce=bytes(12), content=bytes(300))
TEXT = invitation_text(WITH_KEY)


@pytest.mark.parametrize(
    "invitation",
    [
        PLAIN,
        WITH_KEY,
        SEALED,
        replace(PLAIN, name="\"Ünï\" \\ # [x] = 'y' 😀"),
        replace(WITH_KEY, kind=KeyKind.ESP, algorithm="aes-gcm-256", secret=bytes(36)),
    ],
)
def test_what_is_written_can_be_read(invitation):
    assert parse_invitation(invitation_text(invitation)) == invitation


@pytest.mark.parametrize("change", [lambda text: text.encode(), lambda text: "\ufeff" + text.replace("\n", "\r\n")])
def test_what_mail_programs_do_to_text_is_understood(change):
    assert parse_invitation(change(TEXT)) == WITH_KEY


def test_a_person_reads_what_it_is():
    assert TEXT.startswith("# An invitation to a Mobile IPv6 home agent, for: laptop\n")
    assert "do not show it to others" in TEXT
    assert "do not show" not in invitation_text(PLAIN), "there is nothing secret in it"
    assert "passphrase" in invitation_text(SEALED)
    assert "expires = 2027-01-15T08:00:00Z" in TEXT


def test_the_secret_is_in_no_repr():
    for form in (SECRET.hex(), repr(SECRET)[2:-1], "\\x0e"):
        assert form not in repr(WITH_KEY) + repr([WITH_KEY])
    assert "content" not in repr(SEALED)


def test_it_expires_at_its_time():
    assert not WITH_KEY.is_expired(1_799_999_999.9)
    assert WITH_KEY.is_expired(1_800_000_000.0)
    assert not PLAIN.is_expired(9e9)


@pytest.mark.parametrize(
    "old, new, line, field, accepted",
    [
        ("mnclient_invitation = 1", "mnclient_invitation = 2", 4, "mnclient_invitation", "1"),
        ("mnclient_invitation = 1", "mnclient_invitation = true", 4, "mnclient_invitation", "1"),
        ("mnclient_invitation = 1\n", "", 0, "mnclient_invitation", "1"),
        ('name = "laptop"', 'name = "a\\nb"', 5, "name", "printable"),
        ('name = "laptop"', f'name = "{"x" * 65}"', 5, "name", "1 to 64"),
        ('name = "laptop"', "name = 7", 5, "name", "printable"),
        ("laptop@example.org", "lap top", 6, "identity", "laptop@example.org"),
        ("2001:db8:1::1\"", "2001:db8:2::1\"", 7, "home_agent", "an address in 2001:db8:1::/64"),
        ("2001:db8:1::1\"", "2001:db8:1::1%eth0\"", 7, "home_agent", "an address in"),
        ("2001:db8:1::1\"", "2001:db8:1::\"", 7, "home_agent", "an address in"),
        ("2001:db8:1::/64", "2001:db8:1::1/64", 8, "prefix", "the home network"),
        ("2001:db8:1::/64", "fe80::/64", 8, "prefix", "the home network"),
        ("2001:db8:1::/64", "2001:db8:1::/128", 8, "prefix", "the home network"),
        ("2001:db8:1::10", "2001:db8:1::1", 9, "home_address", "another address in"),
        ("2001:db8:1::10", "10.0.0.1", 9, "home_address", "another address in"),
        ("2027-01-15T08:00:00Z", "2027-01-15T08:00:00", 10, "expires", "a time like"),
        ("2027-01-15T08:00:00Z", "2027-01-15", 10, "expires", "a time like"),
        ("2027-01-15T08:00:00Z", "1900-01-15T08:00:00Z", 10, "expires", "a time like"),
        ('"rfc4285"', '"none"', 11, "protection", "rfc4285, esp"),
        ('"rfc4285"', '"esp"', 12, "algorithm", "aes-gcm-256"),
        ('"hmac-sha1-96"', '"md5"', 12, "algorithm", "hmac-sha1-96"),
        ("spi_in = 1000", "spi_in = 255", 13, "spi_in", "256 to 4294967295"),
        ("spi_out = 4294967295", "spi_out = 4294967296", 14, "spi_out", "256 to 4294967295"),
        ("spi_out = 4294967295\n", "", 0, "spi_out", "256 to 4294967295"),
        (SECRET.hex(), SECRET.hex()[2:], 15, "secret", "16 octets (32 hexadecimal digits)"),
        (SECRET.hex(), "x" + SECRET.hex()[1:], 15, "secret", "16 octets"),
        ('protection = "rfc4285"\n', "", 11, "algorithm", "home_agent"),
        ("spi_in = 1000", "spi_in = 1000\nspi_inn = 7", 14, "spi_inn", "spi_in"),
        ("spi_in = 1000", "spi_in = = 1000", 13, "", "exactly as it was sent"),
        ("spi_in = 1000", "spi_in = 1000\nspi_in = 1000", 14, "", "exactly as it was sent"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(old, new, line, field, accepted):
    assert old in TEXT
    with pytest.raises(InvitationError) as raised:
        parse_invitation(TEXT.replace(old, new, 1))
    error = raised.value
    assert (error.line, error.field) == (line, field)
    assert accepted in error.accepted
    assert f"accepted: {error.accepted}" in str(error)
    assert not line or f"line {line}" in str(error)
    assert SECRET.hex()[4:] not in str(error) + repr(error)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hello",
        "x = " + "[" * 5000,
        "x = " + "9" * 6000,
        b"\xff\xfe",
        "\ud800",
        b"mnclient_invitation = 1\n#" + b"x" * LARGEST_INVITATION,
        "[mnclient_invitation]\nname = 1",
        TEXT + "[more]\nx = 1\n",
        TEXT + invitation_text(SEALED).split("\n", 3)[2],
        invitation_text(SEALED).replace("cost = 16", "cost = 30"),
        invitation_text(SEALED).replace("cost = 16", "cost = 1"),
        invitation_text(SEALED).replace('salt = "', 'salt = "AA'),
        invitation_text(SEALED).replace('nonce = "', 'nonce = "!'),
        invitation_text(replace(SEALED, content=bytes(16))),
    ],
)
def test_other_files_are_refused(content):
    with pytest.raises(InvitationError) as raised:
        parse_invitation(content)
    assert raised.value.title and raised.value.accepted


def test_a_damaged_secret_is_not_quoted():
    with pytest.raises(InvitationError) as raised:
        parse_invitation(TEXT.replace(f'"{SECRET.hex()}"', SECRET.hex()))
    assert SECRET.hex()[2:] not in str(raised.value)
    assert raised.value.line == 15
    assert raised.value.__suppress_context__, "a traceback shows no words of the parser"
