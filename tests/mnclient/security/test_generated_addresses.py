# SPDX-License-Identifier: GPL-2.0-or-later
"""Home addresses of one key: in any prefix, recognised, and none in a prefix that has no room for them."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.generated_address import GeneratedAddress, GeneratingKey
from mnclient.security import generated_addresses
from mnclient.security.cga import cga_fault, security_parameter
from mnclient.security.generated_addresses import address_in, generating_key, made_with
from tests.mnclient.security.rsa_keys import private_der, public_der, rsa_key

PREFIXES = [IPv6Network(each) for each in ("2001:db8:1::/64", "2001:db8:2::/64", "fd00:1:2:3::/64")]
PRIVATE = private_der(rsa_key())


@pytest.fixture(scope="module")
def key() -> GeneratingKey:
    found = generating_key(PRIVATE, bytes(16))
    assert found is not None
    return found


@pytest.mark.requirement("RFC3972-MN-4-01")
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_one_modifier_is_good_in_every_prefix(key: GeneratingKey, prefix: IPv6Network, count: int) -> None:
    found = address_in(prefix, key, count)
    assert found is not None
    assert found.address in prefix
    assert security_parameter(found.address) == 1
    assert cga_fault(found.address, found.parameters) is None
    assert found.parameters.public_key == public_der(rsa_key())
    assert made_with(key, found.address) == found


def test_other_addresses_are_not_taken_for_its_own(key: GeneratingKey) -> None:
    found = address_in(PREFIXES[0], key)
    assert found is not None
    for other in (IPv6Address("2001:db8:1::1"), found.address + 1, found.address + (1 << 64)):
        assert made_with(key, other) is None


@pytest.mark.parametrize("length", [0, 48, 63, 65, 128])
def test_only_64_bits_are_a_prefix_for_it(key: GeneratingKey, length: int) -> None:
    assert address_in(IPv6Network(("::", length)), key) is None


def test_a_search_in_vain_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated_addresses, "find_modifier", lambda *_: None)
    assert generating_key(PRIVATE, bytes(16)) is None


@pytest.mark.parametrize("private", [b"", b"\x30\x00", PRIVATE[:-1]])
def test_what_is_no_key_makes_none(private: bytes) -> None:
    with pytest.raises(ValueError, match="private_key"):
        generating_key(private, bytes(16))


def test_secrets_are_not_shown(key: GeneratingKey) -> None:
    found = address_in(PREFIXES[0], key)
    for value in (key, found):
        assert repr(PRIVATE)[2:40] not in repr(value)


def test_an_address_of_another_prefix_has_no_such_parameters(key: GeneratingKey) -> None:
    found = address_in(PREFIXES[0], key)
    assert found is not None
    with pytest.raises(ValueError, match="prefix"):
        GeneratedAddress(address=IPv6Address("2001:db8:7::1"), parameters=found.parameters, private_key=PRIVATE)
