# SPDX-License-Identifier: GPL-2.0-or-later
"""One key that succeeds another at the home agent: for a while registrations under either are believed.

A message of RFC 4285 names the key it is proved with. Under IPsec the kernel says under which of the two it came
(`network.kernel.protection`), and what is sent goes under the one that the mobile node has used last.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address

from mnclient.engine.home_agent.requests import Request
from mnclient.model.keys import KeyKind, spi_parity
from mnclient.model.security import SecurityAssociation
from mnclient.security.authentication_option import find_option
from mnclient.wire.authentication_options import MN_HA


class Successions:
    """The keys that still count beside the newest of their home address."""

    def __init__(self) -> None:
        self._older: dict[IPv6Address, tuple[SecurityAssociation, ...]] = {}
        self._used: dict[IPv6Address, int] = {}
        self.has_switched = False
        """Whether, since this was last set to False, some mobile node has used another key than before."""

    def configure(self, associations: Iterable[SecurityAssociation]) -> bool:
        """Of several for one home address the first is the newest; the others count while they are here.

        Whether these are others than before.
        """
        seen: dict[IPv6Address, list[SecurityAssociation]] = {}
        for each in associations:
            seen.setdefault(each.home_address, []).append(each)
        older = {where: tuple(each for each in found[1:] if _counts(each, found[0])) for where, found in seen.items()}
        before, self._older = self._older, {where: found for where, found in older.items() if found}
        self._used = {address: spi for address, spi in self._used.items() if address in self._older}
        return before != self._older

    def meant(self, request: Request, newest: SecurityAssociation) -> SecurityAssociation:
        """The association that a request came under, or names by its SPI; the newest when that is none that counts."""
        older = self._older.get(newest.home_address, ())
        if newest.kind is KeyKind.ESP:
            return next((each for each in older if each.protection == request.event.protection), newest)
        option = find_option(request.update, MN_HA) if older else None
        return next((each for each in older if option is not None and each.spi_in == option.spi), newest)

    def used(self, home_address: IPv6Address, spi: int) -> None:
        """A message was believed that came with this SPI."""
        if home_address in self._older and self._used.get(home_address) != spi:
            self._used[home_address] = spi
            self.has_switched = True

    def believed(self, newest: SecurityAssociation, used: int = 0) -> tuple[SecurityAssociation, ...]:
        """All that count for a home address: first the one to send under, that of the incoming SPI `used`.

        0: the one that was used last, as far as is known. Who has used none has the oldest.
        """
        known = (newest, *self._older.get(newest.home_address, ()))
        spi = used or self._used.get(newest.home_address)
        present = next((each for each in known if each.spi_in == spi), known[-1])
        return (present, *(each for each in known if each is not present))


def _counts(older: SecurityAssociation, newest: SecurityAssociation) -> bool:
    """Whether it can be used, and the two told apart."""
    if older.kind is not newest.kind or not older.secret:
        return False
    return older.kind is KeyKind.RFC4285 or spi_parity(older.spi_in) != spi_parity(newest.spi_in)
