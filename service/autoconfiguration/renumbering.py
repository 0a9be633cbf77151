# SPDX-License-Identifier: GPL-2.0-or-later
"""A home link that gets another prefix: the home addresses in it (RFC 6275 section 11.4.3, RFC 4862 section 5.5.3)."""

from collections.abc import Collection
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_HOME_ADDRESSES
from mnclient.engine.actions import ReportHomePrefix
from mnclient.wire.addresses import address_from

_FORMED: Final = 64  # bits of a prefix that addresses are formed in


def home_address_beside(report: ReportHomePrefix, existing: Collection[IPv6Address]) -> IPv6Address | None:
    """The home address with the same interface identifier in another prefix of the home link.

    None when there is one already, when there are too many, or when none can be formed there.
    """
    prefix = report.prefix
    if prefix.prefixlen != _FORMED or report.home_address not in existing:
        return None
    if len(existing) >= MAX_HOME_ADDRESSES or any(each in prefix for each in existing):
        return None
    address = address_from(prefix, report.home_address.packed[8:])
    return None if address in (report.home_agent, prefix.network_address) else address
