# SPDX-License-Identifier: GPL-2.0-or-later
"""States that encrypt, as messages."""

import struct
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.model.keys import KEY_ALGORITHMS, KeyKind
from mnclient.network.rtnetlink import attribute, attributes
from mnclient.network.xfrm import STATE_ID, STATE_REST, STATE_SIZE, XFRM_MSG_NEWSA, XFRM_MSG_UPDSA, Mode, Selector
from mnclient.network.xfrm_esp import (
    ALGORITHMS,
    EspState,
    esp_addition,
    esp_trial,
    read_esp,
    read_removed_esp,
)

HOME, AGENT = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:1::1")
STATE = EspState(
    source=HOME,
    destination=AGENT,
    spi=0x12345678,
    mode=Mode.TRANSPORT,
    selector=Selector(source=IPv6Network(HOME), destination=IPv6Network(AGENT), protocol=135, type=5),
    reqid=6275,
    algorithm="aes-gcm-128",
    key=bytes(range(20)),
    mark=0x12345678,
    sequence=77,
)


def test_what_goes_in_comes_out_without_the_key():
    assert read_esp(esp_addition(STATE).body) == replace(STATE, algorithm="", key=b"")
    tunnel = replace(STATE, mode=Mode.TUNNEL)
    assert read_esp(esp_addition(tunnel).body) == replace(tunnel, algorithm="", key=b"")


def test_packets_that_did_not_fit_the_key_are_counted_by_the_kernel():
    body = bytearray(esp_addition(STATE).body)
    struct.pack_into("=III", body, STATE_REST, 1, 2, 3)  # struct xfrm_stats: replay window, replays, integrity
    found = read_esp(bytes(body))
    assert found is not None and found.failures == 3


def test_a_removal_is_read():
    body = bytes(STATE_ID.size) + attribute(6, esp_addition(STATE).body)
    assert read_removed_esp(body) == replace(STATE, algorithm="", key=b"")
    assert read_removed_esp(bytes(STATE_ID.size)) is None


def test_the_spi_is_in_network_order():
    assert bytes.fromhex("12345678") in esp_addition(STATE).body


def test_a_trial_changes_nothing():
    assert esp_trial(STATE).type == XFRM_MSG_UPDSA != esp_addition(STATE).type == XFRM_MSG_NEWSA


@pytest.mark.requirement("MN-5.1-02", "HA-5.1-02")
@pytest.mark.parametrize("name", [each.name for each in KEY_ALGORITHMS[KeyKind.ESP]])
def test_every_algorithm_of_a_key_authenticates(name):
    """There is a check in each, of 96 bits at least, and the lengths are those that people are told."""
    algorithm = ALGORITHMS[name]
    wanted = next(each for each in KEY_ALGORITHMS[KeyKind.ESP] if each.name == name)
    octets = algorithm.cipher_key + algorithm.authentication_key
    assert wanted.secret_octets == (octets, octets) and algorithm.check >= 96
    found = attributes(esp_addition(replace(STATE, algorithm=name, key=bytes(octets))).body, STATE_SIZE)
    assert (18 in found) is not (20 in found and 2 in found)
    for kind in (18, 20):
        if kind in found:
            assert found[kind][68:72] == algorithm.check.to_bytes(4, "little")


@pytest.mark.requirement("RFC4877-ALL-4.3-02", "HA-10.4.6-01")
def test_there_is_no_algorithm_without_encryption_or_check():
    assert set(ALGORITHMS) == {each.name for each in KEY_ALGORITHMS[KeyKind.ESP]}
    assert not any("null" in each.cipher + each.authentication for each in ALGORITHMS.values())
    combined = {each.cipher for each in ALGORITHMS.values() if not each.authentication}
    assert combined == {"rfc4106(gcm(aes))", "rfc7539esp(chacha20,poly1305)"}  # of which no part is null


@pytest.mark.parametrize("length", [0, 19, 21])
def test_a_key_of_a_wrong_length_goes_nowhere(length):
    with pytest.raises(ValueError, match="octets"):
        esp_addition(replace(STATE, key=bytes(length)))


def test_the_key_is_in_no_text():
    assert "key" not in repr(STATE) and "\\x10\\x11" not in repr(STATE)


@given(st.binary(max_size=400))
def test_nothing_that_the_kernel_could_say_is_fatal(body):
    read_esp(body)
    read_removed_esp(body)


@given(st.integers(0, 500))
def test_what_is_cut_off_is_not_read(length):
    body = esp_addition(STATE).body
    found = read_esp(body[:length])
    assert found is None or found.spi == STATE.spi
