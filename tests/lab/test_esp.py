# SPDX-License-Identifier: GPL-2.0-or-later
"""The instruments of the ESP tests: what another hand has encrypted, tshark decrypts."""

import struct
from ipaddress import IPv6Address

import pytest

from tests.lab.esp import Key, encrypted, seen
from tests.lab.hostile import BU, A, H, K, alternate_care_of, home_option, ipv6, mobility, update
from tests.lab.topology import HOME_AGENT_ADDRESS

HOME, CARE_OF = IPv6Address("2001:db8:1::10"), IPv6Address("2001:db8:2::10")


def capture_of(tmp_path, *packets):
    file = tmp_path / "one.pcap"
    frames = [bytes(12) + b"\x86\xdd" + each for each in packets]
    file.write_bytes(
        struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        + b"".join(struct.pack("<IIII", 1, 0, len(each), len(each)) + each for each in frames)
    )
    return file


@pytest.mark.parametrize("algorithm, octets", [("aes-gcm-256", 36), ("aes-gcm-128", 20)])
def test_a_binding_update_under_esp_is_read(tmp_path, algorithm, octets):
    key = Key(home_address=HOME, algorithm=algorithm, secret=bytes(range(octets)))
    message = mobility(BU, update(7, flags=A | H, options=alternate_care_of(CARE_OF)), HOME, HOME_AGENT_ADDRESS)
    hidden = ipv6(CARE_OF, HOME_AGENT_ADDRESS, 60, home_option(50, HOME) + encrypted(key, message, 135, sequence=9))
    clear = ipv6(CARE_OF, HOME_AGENT_ADDRESS, 60, home_option(135, HOME) + message)
    one, other = seen(capture_of(tmp_path, hidden, clear), key)
    assert one.headers == ["ipv6.dstopts", "esp", "mipv6"] and other.headers == ["ipv6.dstopts", "mipv6"]
    assert (one.spi, one.sequence, one.kind) == (key.up, 9, BU) and (other.spi, other.kind) == (0, BU)
    assert one.home_option == other.home_option == str(HOME) and one.alternate == other.alternate == str(CARE_OF)
    wrong = Key(home_address=HOME, algorithm=algorithm, secret=bytes(octets))
    assert seen(capture_of(tmp_path, hidden), wrong)[0].kind is None, "it is the key that reads it"


def test_the_flag_of_key_management_is_read(tmp_path):
    key = Key(home_address=HOME)
    with_it, without = (
        ipv6(CARE_OF, HOME_AGENT_ADDRESS, 60, home_option(135, HOME) + mobility(BU, data, HOME, HOME_AGENT_ADDRESS))
        for data in (update(7, flags=A | H | K), update(7, flags=A | H))
    )
    assert [each.key_management for each in seen(capture_of(tmp_path, with_it, without), key)] == [True, False]
