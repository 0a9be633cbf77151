# SPDX-License-Identifier: GPL-2.0-or-later
"""Any file is an invitation or an InvitationError; what is written is read as it was."""

from ipaddress import IPv6Network

from hypothesis import example, given
from hypothesis import strategies as st

from mnclient.model.invitation import (
    LONGEST_NAME,
    Invitation,
    InvitationError,
    SealedInvitation,
    invitation_text,
    parse_invitation,
)
from mnclient.model.keys import HIGHEST_SPI, KEY_ALGORITHMS, LOWEST_SPI
from tests.mnclient.model.test_invitation import SEALED, WITH_KEY

PREFIX = IPv6Network("2001:db8:1::/64")
KEYS = [(kind, algorithm) for kind, algorithms in KEY_ALGORITHMS.items() for algorithm in algorithms]
NAMES = st.text(min_size=1, max_size=LONGEST_NAME).filter(lambda name: name.isprintable() and name == name.strip())
SPIS = st.integers(LOWEST_SPI, HIGHEST_SPI)
VALUES = st.one_of(
    st.text(max_size=30).map(repr),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["true", "[]", "{}", "[[1]]", "2027-01-15T08:00:00Z", "9999-12-31T23:59:59-23:59", "08:00:00"]),
    st.sampled_from(['"2001:db8:1::/64"', '"2001:db8:1::1"', '"::/1"', '"esp"', '"aes-gcm-128"', '"0x"', '""']),
)
FIELDS = (
    "mnclient_invitation mnclient_sealed_invitation name identity home_agent prefix home_address expires protection "
    "algorithm spi_in spi_out secret cost salt nonce content other"
).split()


@st.composite
def invitations(draw):
    fields = {
        "name": draw(NAMES),
        "home_agent": PREFIX[1],
        "prefix": PREFIX,
        "home_address": draw(st.none() | st.integers(2, 2**64 - 1).map(lambda number: PREFIX[number])),
        "expires_time": draw(st.none() | st.integers(0, 253_402_300_799).map(float)),
        "identity": draw(st.sampled_from(["", "a@b", "ä"])),
    }
    if draw(st.booleans()):
        kind, algorithm = draw(st.sampled_from(KEYS))
        secret = draw(st.binary(min_size=algorithm.low, max_size=algorithm.low))
        fields |= {"kind": kind, "algorithm": algorithm.name, "secret": secret}
        fields |= {"spi_in": draw(SPIS), "spi_out": draw(SPIS)}
    return Invitation(**fields)


def survives(content):
    try:
        result = parse_invitation(content)
    except InvitationError:
        return
    assert isinstance(result, Invitation | SealedInvitation)
    assert parse_invitation(invitation_text(result)) == result or result.expires_time % 1


@given(invitations())
def test_what_is_written_is_read_as_it_was(invitation):
    assert parse_invitation(invitation_text(invitation)) == invitation


@given(st.binary(max_size=200) | st.text(max_size=200))
@example(b"\xef\xbb\xbf")
@example("a.b = 1\na = 2")
def test_anything(content):
    survives(content)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_any_fields(fields):
    survives("".join(f"{name} = {value}\n" for name, value in fields.items()))


@given(st.sampled_from([WITH_KEY, SEALED]), st.sampled_from(FIELDS), VALUES)
def test_one_field_of_a_good_one_is_another(invitation, name, value):
    lines = invitation_text(invitation).splitlines()
    survives("\n".join(f"{name} = {value}" if line.startswith(f"{name} =") else line for line in lines))


@given(st.data())
def test_a_damaged_file(data):
    octets = bytearray(invitation_text(data.draw(st.sampled_from([WITH_KEY, SEALED]))).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    survives(bytes(octets[: data.draw(st.integers(0, len(octets)))]))
