# SPDX-License-Identifier: GPL-2.0-or-later
"""Binding Refresh Requests for bindings that are in use and about to end (RFC 6275 section 9.5.5).

The datapath is asked first when the binding was last used; one that is not used ends in silence. Each time half of what
remained has gone, it is asked again, and so is the mobile node: a few times at most, never less than
SHORTEST_REFRESH_LEAD / 2 apart, and no longer once the binding was renewed.
"""

from mnclient.constants import BINDING_IN_USE, REFRESH_REQUEST_LEAD, SHORTEST_REFRESH_LEAD
from mnclient.engine.actions import AskRouteUse, SendPacket
from mnclient.engine.correspondent_node.binding_cache import Binding, Pair
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.network_state import OptimizationEnd
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.binding import BindingRefreshRequest
from mnclient.wire.packet import Packet


class RefreshRequests:
    """The owner handles Timer.REQUEST_REFRESH with `due`."""

    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers

    def begin(self, binding: Binding) -> None:
        """A binding was made or renewed."""
        binding.asked = False
        lead = min(REFRESH_REQUEST_LEAD, binding.lifetime / 4)
        self._set(binding, after(binding.expires, Seconds(-lead)))

    def stop(self, pair: Pair) -> None:
        """A binding ended."""
        self._timers.stop(Timer.REQUEST_REFRESH, pair)

    def due(self, binding: Binding, now: Instant) -> list[AskRouteUse]:
        """A binding is about to end: is it used?"""
        binding.asked = True
        self._set(binding, after(now, Seconds(between(now, binding.expires) / 2)))
        pair = binding.pair
        return [
            AskRouteUse(
                end=OptimizationEnd.CORRESPONDENT, home_address=pair.home_address, correspondent=pair.correspondent
            )
        ]

    def known(self, binding: Binding, last_used: Instant | None, now: Instant) -> list[SendPacket]:
        """The datapath answered. The request goes to the home address, by no binding (sections 6.1 and 9.5.5)."""
        if not binding.asked:
            return []
        binding.asked = False
        binding.last_used = last_used
        if last_used is None or now - last_used > BINDING_IN_USE:
            self.stop(binding.pair)
            return []
        packet = Packet(
            source=binding.pair.correspondent,
            destination=binding.pair.home_address,
            message=BindingRefreshRequest(),
        )
        return [SendPacket(packet=packet)]

    def _set(self, binding: Binding, at: Instant) -> None:
        if between(at, binding.expires) >= SHORTEST_REFRESH_LEAD / 2:
            self._timers.set(Timer.REQUEST_REFRESH, binding.pair, at)
        else:
            self.stop(binding.pair)
