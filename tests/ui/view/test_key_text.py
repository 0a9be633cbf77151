# SPDX-License-Identifier: GPL-2.0-or-later
import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mnclient.model.keys import HIGHEST_SPI, LOWEST_SPI
from ui.view.key_text import Entry, Secret, key_entry, new_spi, spi_of

OCTETS = bytes(range(0xA0, 0xB0))


@pytest.mark.parametrize(
    "text",
    [
        OCTETS.hex(),
        OCTETS.hex().upper(),
        "0x" + OCTETS.hex(),
        OCTETS.hex(":"),
        f"  {OCTETS.hex(' ')}\n",
        base64.b64encode(OCTETS).decode(),
        base64.b64encode(OCTETS).decode().rstrip("="),
        base64.urlsafe_b64encode(OCTETS).decode(),
    ],
)
def test_a_key_may_be_written_in_many_ways(text):
    entry = key_entry(text, 16, 16)
    assert entry.entry is Entry.COMPLETE and entry.secret is not None
    assert entry.secret.octets == OCTETS


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "Paste or type"),
        ("   ", "Paste or type"),
        ("abc", "come in pairs"),
        ("ab cd", "2 octets; it must be 16 octets"),
        ("ab", "1 octet; it must be"),
        ("my secret words", "neither hexadecimal"),
        ("ключ", "neither hexadecimal"),
        ("💥" * 16, "neither hexadecimal"),
        ("\0" * 16, "neither hexadecimal"),
        ("\ud800", "neither hexadecimal"),
        ("a" * 100_000, "neither hexadecimal"),
        ("0x?!", "neither hexadecimal"),
    ],
)
def test_what_is_not_a_key_yet_is_told_in_words(text, words):
    entry = key_entry(text, 16, 16)
    assert entry.secret is None and entry.entry is not Entry.COMPLETE
    assert words in entry.words


def test_a_range_of_lengths_is_told():
    assert "16 to 64 octets" in key_entry("ab", 16, 64).words


@given(some.text())
def test_any_text_is_judged_and_never_repeated(text):
    entry = key_entry(text, 4, 32)
    assert (entry.secret is not None) == (entry.entry is Entry.COMPLETE)


def test_a_key_is_in_no_representation():
    secret = Secret(OCTETS)
    entry = key_entry(OCTETS.hex(), 16, 16)
    shown = f"{secret!r} {secret} {entry!r} {(secret,)} {entry}"
    try:
        raise ValueError(secret)
    except ValueError:
        shown += traceback.format_exc()
    assert OCTETS.hex() not in shown and repr(OCTETS)[2:-1] not in shown


@pytest.mark.parametrize("text, spi", [("256", 256), ("0x1001", 4097), (" 4294967295 ", HIGHEST_SPI)])
def test_security_parameter_indexes(text, spi):
    assert spi_of(text) == spi


@pytest.mark.parametrize("text", ["", "255", "-300", "4294967296", "0x", "abc", "1_000", "٣٠٠", "1" * 5000, "0x-300"])
def test_no_security_parameter_indexes(text):
    assert spi_of(text) is None


def test_a_new_number_is_one_that_nobody_uses():
    draws = iter([0, 1, 2])
    assert new_spi(lambda _: next(draws), {LOWEST_SPI, LOWEST_SPI + 1}) == LOWEST_SPI + 2
    assert new_spi(lambda count: count - 1, ()) == HIGHEST_SPI
