# SPDX-License-Identifier: GPL-2.0-or-later
import tomllib
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ui.view.setting_text import EntryError, address_of, ports_of, prefix_of, toml_text

WORST = ["", " ", "\0", "a" * 10_000, "::/129", "fe80::1%eth0", "1.2.3.4", "💥", "²", "1e3", "-1", "../etc", "\ud800"]

plain = some.recursive(
    some.booleans()
    | some.integers(-(2**63), 2**63 - 1)
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(some.characters(exclude_categories=["Cs"])),
    lambda each: some.lists(each) | some.dictionaries(some.text(some.characters(exclude_categories=["Cs"])), each),
    max_leaves=12,
)


@given(plain)
def test_toml_reads_back_what_was_written(value):
    assert tomllib.loads(f"value = {toml_text(value)}")["value"] == value


def test_tables_are_inline():
    rows = [{"prefix": "2001:db8::/32", "allow": False}, {}]
    assert toml_text(rows) == '[{ prefix = "2001:db8::/32", allow = false }, {}]'


def test_half_characters_and_strange_types():
    assert tomllib.loads(f"value = {toml_text(chr(0xD800))}") == {"value": "\ufffd"}
    with pytest.raises(TypeError, match="bytes cannot be written"):
        toml_text(b"key")


def test_addresses():
    assert address_of(" 2001:db8::1 ") == IPv6Address("2001:db8::1")


@pytest.mark.parametrize("text", [*WORST, "2001:db8::/64"])
def test_no_addresses(text):
    with pytest.raises(EntryError):
        address_of(text)


def test_prefixes():
    assert prefix_of("2001:db8::/32") == IPv6Network("2001:db8::/32")
    assert prefix_of("2001:db8::1") == IPv6Network("2001:db8::1/128")
    assert prefix_of("::/0") == IPv6Network("::/0")
    with pytest.raises(EntryError) as error:
        prefix_of("2001:db8::1/32")
    assert error.value.values == {"prefix": IPv6Network("2001:db8::/32")}


@pytest.mark.parametrize("text", [each for each in WORST if each != "fe80::1%eth0"])
def test_no_prefixes(text):
    with pytest.raises(EntryError):
        prefix_of(text)


@pytest.mark.parametrize(
    "text, ports", [("53", 53), ("5000-5100", "5000-5100"), (" 1 - 65535 ", "1-65535"), ("7-7", 7)]
)
def test_ports(text, ports):
    assert ports_of(text) == ports


@pytest.mark.parametrize("text", [*WORST, "0", "65536", "5-", "-5", "1-2-3", "9-8", "1,2", "９"])
def test_no_ports(text):
    with pytest.raises(EntryError):
        ports_of(text)
