# SPDX-License-Identifier: GPL-2.0-or-later
"""Duplicate address detection on the home link before a first registration is acknowledged (RFC 6275 section 10.3.1).

As in RFC 4862 section 5.4: one solicitation from :: for each address, then RETRANS_TIMER of listening. The random delay
before it is for hosts that boot together; the mobile node has moved, and waits.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.constants import DUP_ADDR_DETECT_TRANSMITS, ND_HOP_LIMIT, RETRANS_TIMER
from mnclient.engine.actions import SendPacket
from mnclient.engine.home_agent.requests import Request
from mnclient.engine.timers import Timer, TimerTable
from mnclient.units import Instant, Seconds, after
from mnclient.wire.addresses import UNSPECIFIED, solicited_node
from mnclient.wire.neighbor_discovery import NeighborSolicitation
from mnclient.wire.packet import Packet


@dataclass(slots=True)
class Detection:
    """One detection under way: the newest request that waits for it, and the addresses tested on `interface`."""

    request: Request
    interface: str
    targets: tuple[IPv6Address, ...]


class DuplicateDetection:
    """Detections by home address. The owner handles Timer.DUPLICATE_DETECTION with `finish`."""

    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers
        self._detections: dict[IPv6Address, Detection] = {}
        self._tested: dict[tuple[str, IPv6Address], set[IPv6Address]] = {}

    def start(
        self, request: Request, interface: str, targets: tuple[IPv6Address, ...], now: Instant
    ) -> list[SendPacket]:
        """Test `targets` for the home address of a request, or more targets than before for a newer request."""
        home_address = request.home_address
        known = self._detections.get(home_address)
        new = [target for target in targets if known is None or target not in known.targets]
        self._forget_targets(home_address)
        self._detections[home_address] = Detection(request, interface, targets)
        for target in targets:
            self._tested.setdefault((interface, target), set()).add(home_address)
        if new:
            duration = Seconds(DUP_ADDR_DETECT_TRANSMITS * RETRANS_TIMER)
            self._timers.set(Timer.DUPLICATE_DETECTION, home_address, after(now, duration))
        return [_solicitation(interface, target) for target in new]

    def pending(self, home_address: IPv6Address) -> Request | None:
        """The newest request that waits for the end of the detection."""
        detection = self._detections.get(home_address)
        return detection.request if detection is not None else None

    def disputed(self, interface: str, target: IPv6Address) -> tuple[IPv6Address, ...]:
        """The home addresses whose detection fails because somebody else on the link has, or tests, `target`."""
        return tuple(self._tested.get((interface, target), ()))

    def finish(self, home_address: IPv6Address) -> Request | None:
        """The detection is over, however it ended; the request that waited for it."""
        self._forget_targets(home_address)
        self._timers.stop(Timer.DUPLICATE_DETECTION, home_address)
        detection = self._detections.pop(home_address, None)
        return detection.request if detection is not None else None

    def _forget_targets(self, home_address: IPv6Address) -> None:
        detection = self._detections.get(home_address)
        if detection is None:
            return
        for target in detection.targets:
            key = (detection.interface, target)
            self._tested[key].discard(home_address)
            if not self._tested[key]:
                del self._tested[key]


def _solicitation(interface: str, target: IPv6Address) -> SendPacket:
    packet = Packet(
        source=UNSPECIFIED,
        destination=solicited_node(target),
        message=NeighborSolicitation(target=target),
        hop_limit=ND_HOP_LIMIT,
    )
    return SendPacket(packet=packet, interface=interface)
