# SPDX-License-Identifier: GPL-2.0-or-later
"""Generated home addresses for tests: of keys that are made once, in the prefix that is asked for."""

from ipaddress import IPv6Network

from mnclient.model.generated_address import GeneratedAddress
from mnclient.security.generated_addresses import address_in, generating_key
from tests.mnclient.security.rsa_keys import private_der, rsa_key


def generated(prefix: IPv6Network, bits: int = 1024) -> GeneratedAddress:
    """The address of the key with so many bits; Sec is 0, which costs nothing."""
    key = generating_key(private_der(rsa_key(bits)), bytes(16), sec=0)
    assert key is not None
    found = address_in(prefix, key)
    assert found is not None
    return found
