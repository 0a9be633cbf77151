# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a home address really works: a packet to it, sent out into the visited network, comes back by the tunnel.

The home agent's acknowledgement says what it believes; this says what happens. An Echo Request from the care-of address
to the home address is handed to the visited router, travels home, is intercepted, and arrives as any correspondent's
packet would. Asked after every acknowledgement and then ever less often; what does not come back three times is a
problem, and the registration is repeated early: a home agent that lost its bindings is found out so.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.echoes import Echoes
from mnclient.engine.mobile_node.home_registration import HomeRegistration, Input
from mnclient.engine.timers import Timer
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, Seconds, after

TRIES: Final = 3
ANSWER_WITHIN: Final = Seconds(1.0)
FIRST_INTERVAL: Final = Seconds(60.0)
LONGEST_INTERVAL: Final = Seconds(900.0)  # a laptop on battery is woken four times an hour, if nothing else happens


@dataclass(slots=True)
class _Check:
    """`care_of` and `acknowledged` say about which registration it is. `failures` in a row."""

    care_of: IPv6Address | None = None
    acknowledged: Instant | None = None
    tries: int = 0
    failures: int = 0
    interval: Seconds = FIRST_INTERVAL


class Verification:
    """All home addresses; what comes out is in their registrations, as `verified` and `verified_at`."""

    def __init__(self, context: Context, echoes: Echoes) -> None:
        self._context = context
        self._echoes = echoes
        self._checks: dict[IPv6Address, _Check] = {}
        self.enabled = True

    def settle(self, registration: HomeRegistration, now: Instant) -> None:
        """Ask after each acknowledgement; know nothing about another care-of address, nor without a registration."""
        address = registration.home.address
        check = self._checks.get(address)
        if check is None:
            check = self._checks[address] = _Check()
        place = registration.place
        care_of = place.care_of.address if place is not None and place.care_of is not None else None
        is_registered = registration.state is State.REGISTERED and self.enabled
        if care_of != check.care_of or not is_registered:
            self._reset(registration, check)
            check.care_of = care_of
        if is_registered and registration.registered_until != check.acknowledged:
            check.acknowledged = registration.registered_until
            self._begin(registration, check, now)

    def forget(self, address: IPv6Address) -> None:
        """The home address is given up."""
        self._checks.pop(address, None)
        self._stop(address)

    def ask_now(self, registration: HomeRegistration, now: Instant) -> None:
        """What was found out is old."""
        check = self._checks.get(registration.home.address)
        if check is not None and check.acknowledged is not None:
            self._begin(registration, check, now)

    def due(self, registration: HomeRegistration, now: Instant) -> None:
        """VERIFY fired: nothing came back in time, or it is time to ask again."""
        check = self._checks.get(registration.home.address)
        if check is None or check.acknowledged is None:
            return
        if check.tries >= TRIES:
            self._fail(registration, check, now)
        else:
            self._ask(registration, check, now)

    def came_back(self, registration: HomeRegistration, now: Instant) -> bool:
        """The packet arrived through the tunnel. False when nobody waited for it."""
        check = self._checks.get(registration.home.address)
        if check is None or check.acknowledged is None or not check.tries:
            return False
        self._context.count("verification.passed")
        registration.verified, registration.verified_at = True, now
        self._echoes.forget(("verify", registration.home.address))
        check.tries = check.failures = 0
        self._later(registration, check, now)
        return True

    def unreachable(self, registration: HomeRegistration, now: Instant) -> None:
        """The network said that the home address cannot be reached."""
        check = self._checks.get(registration.home.address)
        if check is not None and check.acknowledged is not None and check.tries:
            self._fail(registration, check, now)

    # --- below -------------------------------------------------------------------------------------------------------

    def _begin(self, registration: HomeRegistration, check: _Check, now: Instant) -> None:
        self._echoes.forget(("verify", registration.home.address))
        check.tries, check.interval = 0, FIRST_INTERVAL
        self._ask(registration, check, now)

    def _ask(self, registration: HomeRegistration, check: _Check, now: Instant) -> None:
        address, link = registration.home.address, registration.link
        router = link.current if link is not None else None
        if check.care_of is None or link is None or router is None or not router.link_layer_address:
            # Without the router's hardware address the packet cannot leave: the kernel would keep it to itself.
            self._later(registration, check, now)
            return
        check.tries += 1
        self._echoes.ask(("verify", address), check.care_of, address, link.name, router.link_layer_address)
        self._context.timers.set(Timer.VERIFY, address, after(now, ANSWER_WITHIN))

    def _fail(self, registration: HomeRegistration, check: _Check, now: Instant) -> None:
        """Not reachable. The first time it is registered again at once; then there is no hurry."""
        self._context.count("verification.failed")
        self._context.note("not-verified", f"nothing comes back for {registration.home.address}")
        registration.verified = False
        self._echoes.forget(("verify", registration.home.address))
        check.tries = 0
        check.failures += 1
        self._later(registration, check, now)
        if check.failures == 1:
            registration.feed(Input.REFRESH, now)

    def _later(self, registration: HomeRegistration, check: _Check, now: Instant) -> None:
        self._context.timers.set(Timer.VERIFY, registration.home.address, after(now, check.interval))
        check.interval = Seconds(min(2 * check.interval, LONGEST_INTERVAL))

    def _reset(self, registration: HomeRegistration, check: _Check) -> None:
        registration.verified = registration.verified_at = None
        check.acknowledged = None
        check.tries = check.failures = 0
        self._stop(registration.home.address)

    def _stop(self, address: IPv6Address) -> None:
        self._echoes.forget(("verify", address))
        self._context.timers.stop(Timer.VERIFY, address)
