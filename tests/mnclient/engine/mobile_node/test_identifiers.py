# SPDX-License-Identifier: GPL-2.0-or-later
import hashlib
import hmac

import pytest

from mnclient.engine.mobile_node.identifiers import hardware_identifier, is_reserved, stable_identifier
from tests.mnclient.engine.mobile_node.script import NET_A, NET_B, SECRET


@pytest.mark.requirement("RFC7217-MN-5-04")
@pytest.mark.parametrize(
    "identifier, expected",
    [
        ("0000000000000000", True),
        ("0000000000000001", False),
        ("02005efffe000000", True),
        ("02005efffe005213", True),
        ("02005efffeffffff", True),
        ("02005effff000000", False),
        ("fdffffffffffff7f", False),
        ("fdffffffffffff80", True),
        ("fdfffffffffffffe", True),
        ("fdffffffffffffff", True),
        ("fe00000000000000", False),
    ],
)
def test_reserved_identifiers(identifier, expected):
    assert is_reserved(bytes.fromhex(identifier)) is expected


@pytest.mark.requirement("RFC4291-MN-A-01", "RFC4291-MN-A-02", "RFC4291-MN-A-03")
@pytest.mark.parametrize(
    "hardware, expected",
    [
        ("34567890abcd", "365678fffe90abcd"),
        ("020000000042", "000000fffe000042"),
        ("0011223344556677", "0211223344556677"),
        ("0211223344556677", "0011223344556677"),
    ],
)
def test_hardware_identifiers(hardware, expected):
    assert hardware_identifier(bytes.fromhex(hardware)) == bytes.fromhex(expected)


@pytest.mark.parametrize("hardware", ["", "01", "00005e000001", "00" * 20])
def test_hardware_without_a_usable_identifier(hardware):
    assert hardware_identifier(bytes.fromhex(hardware)) is None


@pytest.mark.requirement("RFC7217-MN-5-01")
def test_every_input_changes_a_stable_identifier():
    made = {
        stable_identifier(SECRET, NET_A, "eth0", 0),
        stable_identifier(SECRET, NET_B, "eth0", 0),
        stable_identifier(SECRET, NET_A, "eth1", 0),
        stable_identifier(SECRET, NET_A, "eth0", 1),
        stable_identifier(SECRET[::-1], NET_A, "eth0", 0),
    }
    assert len(made) == 5
    assert {len(each) for each in made} == {8}
    assert stable_identifier(SECRET, NET_A, "eth0", 0) in made


@pytest.mark.requirement("RFC7217-MN-5-01", "RFC7217-MN-5-03")
def test_it_is_the_low_half_of_a_keyed_sha_256():
    message = (
        b"\x00\x08" + NET_A.network_address.packed[:8] + b"\x00\x04eth0" + b"\x00\x00" + b"\x00\x04\x00\x00\x00\x02"
    )
    expected = hmac.new(SECRET, message, hashlib.sha256).digest()[24:]
    assert stable_identifier(SECRET, NET_A, "eth0", 2) == expected
