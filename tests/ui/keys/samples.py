# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys that a service may tell of."""

from dataclasses import replace

from mnclient.model.keys import KeyInfo, KeyKind, KeyOwner
from tests.ui.samples import ADDRESS, AWAY, BOOT_TIME, HOME_AGENT, NOW, SECOND_ADDRESS, TWO_ADDRESSES

COMPUTERS = KeyInfo(
    home_address=ADDRESS,
    home_agent=HOME_AGENT,
    kind=KeyKind.RFC4285,
    algorithm="hmac-sha1-96",
    spi_in=4097,
    spi_out=4098,
    owner=KeyOwner.COMPUTER,
    created_time=BOOT_TIME + NOW - 3 * 86_400,
    available=True,
)
USERS = replace(
    COMPUTERS,
    home_address=SECOND_ADDRESS,
    kind=KeyKind.ESP,
    algorithm="aes-gcm-256",
    spi_out=5098,
    owner=KeyOwner.USER,
)
MISSING = replace(USERS, available=False)


def with_keys(*keys, status=TWO_ADDRESSES, protections=()):
    return replace(status, keys=keys, protections=protections)


__all__ = ["AWAY", "COMPUTERS", "MISSING", "USERS", "with_keys"]
