# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to the link: Router Solicitations until a router answers (RFC 7559), and unicast probes of routers."""

from collections.abc import Iterable, Mapping
from typing import Final

from mnclient.constants import MAX_RTR_SOLICITATION_DELAY, SOLICIT_IRT, SOLICIT_MRT
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.messages import router_probe, router_solicitation
from mnclient.engine.mobile_node.routers import Router
from mnclient.engine.mobile_node.signs import Sign
from mnclient.engine.timers import Timer
from mnclient.units import Instant, Seconds, after

# After a hint of movement a router is usually there within moments, but the first solicitation may be lost while a
# switch or an access point still learns: the backoff of RFC 7559 then starts at half a second instead of its IRT of
# 4 s, and reaches the same rate after four transmissions (docs/adr/0045-routers-and-attachment.md).
FIRST_SOLICIT_INTERVAL: Final = Seconds(0.5)
NOT_YET: Final = Seconds(0.0)  # as the last interval: the first solicitation is still to come
SOLICIT_JITTER: Final = 0.1  # RFC 7559 section 2
MAX_CANDIDATES_PROBED: Final = 6  # RFC 6059 section 5.5.3
# Known routers are asked beside the first solicitation and the next two, as often as any neighbor (RFC 4861 section 10,
# MAX_UNICAST_SOLICIT): these follow intervals of about 0.5 and 1 s.
LAST_ASKED_AFTER: Final = 3 * FIRST_SOLICIT_INTERVAL


class RouterDiscovery:
    """Asks; what the answers mean is decided in `movement`."""

    def __init__(self, context: Context, signs: list[tuple[Sign, str]], links: Mapping[str, Link]) -> None:
        self._context = context
        self._signs = signs
        self._links = links

    def ask(self, link: Link, router: Router) -> None:
        """One unicast Neighbor Solicitation to a router, from the link-local address; nothing while there is none."""
        if link.link_local_address is None:
            return
        self._context.count("ns.sent")
        self._context.probe(
            router_probe(
                link.name,
                link.link_local_address,
                link.link_layer_address,
                router.address,
                router.link_layer_address,
            )
        )

    def ask_known(self, link: Link, now: Instant) -> None:
        """Ask the routers known from before, beside the solicitation (RFC 6059 section 5.5).

        First those met on this interface, the last one met first; then those of the other interfaces: a cable and a
        radio often lead to the same network.
        """
        if link.link_local_address is None or link.known_asked_at == now:  # a repetition that was slept through
            return
        link.known_asked_at = now
        mine = [router for router in link.routers.values() if router.may_be_met_again(now)]
        others = {
            router.key: router
            for other in self._links.values()
            for router in other.routers.values()
            if other is not link and router.may_be_met_again(now) and router.key not in link.routers
        }
        for router in _latest_first(mine)[:MAX_CANDIDATES_PROBED]:
            self.ask(link, router)
        room = MAX_CANDIDATES_PROBED - len(mine)
        link.guests = {router.key: router for router in _latest_first(others.values())[: max(room, 0)]}
        for router in link.guests.values():
            self.ask(link, router)

    def search(self, link: Link, now: Instant) -> None:
        """Solicit routers at once, and go on until one answers. No random delay: there is a hint (section 6.3.7)."""
        link.solicit_interval = None
        self.solicit_again(link, now)

    def begin(self, link: Link, now: Instant) -> None:
        """Search as after a cold start: many hosts may begin at once, so the first solicitation waits for a random time
        (RFC 4861 section 6.3.7), and the next ones are those of RFC 7559 to the letter."""
        link.solicit_interval = NOT_YET
        delay = Seconds(self._context.entropy.uniform(0.0, MAX_RTR_SOLICITATION_DELAY))
        self._context.timers.set(Timer.SOLICIT_ROUTERS, link.name, after(now, delay))

    def repeat(self, link: Link, now: Instant) -> None:
        """SOLICIT_ROUTERS fired: nobody has answered, or question or answer was lost; then those to the routers that
        are known may have been lost, too."""
        previous = link.solicit_interval
        if link.current is None and previous is not None and NOT_YET < previous < LAST_ASKED_AFTER:
            self.ask_known(link, now)
        self.solicit_again(link, now)

    def solicit_again(self, link: Link, now: Instant) -> None:
        """One more solicitation, and the time of the next one (RFC 7559 section 2)."""
        previous = link.solicit_interval
        jitter = self._context.entropy.uniform(-SOLICIT_JITTER, SOLICIT_JITTER)
        if previous is None or previous == NOT_YET:
            base = FIRST_SOLICIT_INTERVAL if previous is None else SOLICIT_IRT
            interval = base + jitter * base
        else:
            interval = 2 * previous + jitter * previous
        if interval > SOLICIT_MRT:
            interval = SOLICIT_MRT + jitter * SOLICIT_MRT
        link.solicit_interval = Seconds(interval)
        self._context.timers.set(Timer.SOLICIT_ROUTERS, link.name, after(now, link.solicit_interval))
        self._context.count("rs.sent")
        # RFC 6059 section 5.6.2: where it goes out beside probes of known routers, it does not name us.
        is_dna = link.current is None and any(router.may_be_met_again(now) for router in link.routers.values())
        hardware = b"" if is_dna else link.link_layer_address
        self._context.probe(router_solicitation(link.name, link.link_local_address, hardware))
        self._signs.append((Sign.SOLICITED, link.name))

    def end_search(self, link: Link) -> None:
        link.solicit_interval = None
        self._context.timers.stop(Timer.SOLICIT_ROUTERS, link.name)


def _latest_first(routers: Iterable[Router]) -> list[Router]:
    return sorted(routers, key=lambda router: router.heard_at, reverse=True)
