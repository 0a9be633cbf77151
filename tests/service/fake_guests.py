# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests of a core without a network (`fake_core`), and one of them."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.guest import Guest, GuestState, GuestWish, RetiringKey, RotationWish
from mnclient.model.keys import KeyKind

NOW_TIME = 1_790_000_000.0  # fake_core.BOOT_TIME
HOME_AGENT = IPv6Address("2001:db8:1::1")
PROPOSED = IPv6Address("2001:db8:1::20")

GUEST = Guest(
    name="laptop",
    home_address=PROPOSED,
    home_agent=HOME_AGENT,
    prefix=IPv6Network("2001:db8:1::/64"),
    kind=KeyKind.RFC4285,
    algorithm="hmac-sha1-96",
    spi_in=70_000,
    spi_out=80_000,
    created_time=NOW_TIME + 800.0,
    expires_time=NOW_TIME + 87_200.0,
)


class FakeGuests:
    """`wish` is the last invitation; everybody gets the same numbers, and an address where none is wished for."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note
        self.all: tuple[Guest, ...] = (GUEST,)
        self.wish: GuestWish | None = None
        self.rotation: RotationWish | None = None

    def listing(self) -> tuple[Guest, ...]:
        return self.all

    def invite(self, wish: GuestWish) -> Guest:
        self._note("invite", wish.name)
        self.wish = wish
        return replace(
            GUEST,
            name=wish.name,
            home_address=wish.home_address or PROPOSED,
            kind=wish.kind,
            algorithm=wish.algorithm,
            expires_time=wish.expires_time,
        )

    def rotate(self, wish: RotationWish) -> Guest:
        self._note("rotate", wish.name)
        self.rotation = wish
        before = RetiringKey(
            algorithm=GUEST.algorithm, spi_in=GUEST.spi_in, spi_out=GUEST.spi_out, ends_time=wish.overlap_until
        )
        return replace(GUEST, name=wish.name, state=GuestState.USED, spi_in=71_000, spi_out=81_000, retiring=before)

    def revoke(self, name: str) -> Guest:
        self._note("revoke", name)
        return replace(GUEST, name=name, state=GuestState.REVOKED)
