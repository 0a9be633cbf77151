# SPDX-License-Identifier: GPL-2.0-or-later
"""A home agent, and a laptop that got itself a home address and moves: for demo, tests and benchmarks."""

from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.constants import MAX_HANDOVERS
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus
from mnclient.units import Instant
from tests.lab import settings
from tests.lab.answers import HandoverRecord, is_registered_at, read_handovers
from tests.lab.asking import ask_status
from tests.lab.cable import Move, boot_time
from tests.lab.interruption import Interruption
from tests.lab.lab import Lab
from tests.lab.patience import patient
from tests.lab.service import Service
from tests.lab.topology import HOME
from tests.lab.traffic import Probe, reachable_from_outside

WATCH = 1.0
"""Seconds that a move is watched after the probes came back, so that a relapse counts."""


@dataclass(frozen=True)
class Step:
    """One move, as measured from outside and as told by the laptop."""

    move: Move
    interruption: Interruption
    record: HandoverRecord | None


class Roaming:
    """The two services in a lab, and the questions one asks them again and again."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._home_agent: Service | None = None
        self._laptop: Service | None = None

    @property
    def home_agent(self) -> Service:
        """The home agent's service."""
        assert self._home_agent is not None, "the home agent was not started"
        return self._home_agent

    @property
    def laptop(self) -> Service:
        """The laptop's service."""
        assert self._laptop is not None, "the laptop's service was not started"
        return self._laptop

    def adopt(self, home_agent: Service, laptop: Service) -> None:
        """Go on with two services that run already."""
        self._home_agent, self._laptop = home_agent, laptop

    def stop_laptop(self) -> None:
        """End the laptop's service if it runs."""
        if self._laptop is not None and self._laptop.is_running():
            self._laptop.stop()

    def stop(self) -> None:
        """End both services, as far as they run."""
        for service in (self._laptop, self._home_agent):
            if service is not None and service.is_running():
                service.stop()

    def start_home_agent(self) -> None:
        """Start the home agent; its Router Advertisements are on the link soon after."""
        self._home_agent = self.lab.start_home_agent()

    def start_laptop(self, *, max_home_addresses: int = 1, extra: str = "") -> None:
        """Start the laptop's service, which knows nothing."""
        text = settings.laptop(max_home_addresses=max_home_addresses, extra=extra)
        self._laptop = self.lab.start_laptop(text)

    def start(self) -> IPv6Address:
        """Start both and wait for the laptop's home address."""
        self.start_home_agent()
        self.start_laptop()
        return self.home_address()

    def forget_bindings(self) -> None:
        """Start the home agent anew, with nothing in its memory nor in its kernel's neighbour cache."""
        self.home_agent.stop()
        self.home_agent.forget()
        self.home_agent.node.run(["ip", "-6", "neigh", "flush", "dev", "home0"])
        self.home_agent.start()
        self.lab.eventually(self.home_agent.is_ready, within=15.0, what="the home agent is back")

    def status(self) -> ServiceStatus:
        """The laptop's status, as `mnctl --json status` tells it."""
        return ask_status(self.laptop)

    def home_addresses(self) -> tuple[HomeAddressStatus, ...]:
        """The laptop's home addresses."""
        return self.status().engine.home_addresses

    def home_address(self, within: float = 15.0) -> IPv6Address:
        """Wait until the laptop has a home address, at home, that others can reach."""

        def ready() -> IPv6Address | None:
            states = {entry.address: entry.state for entry in self.home_addresses()}
            return next((at for at, state in states.items() if state is HomeAddressState.AT_HOME), None)

        address = self.lab.eventually(ready, within=within, what="the laptop gives itself a home address")
        assert address is not None
        self.lab.eventually(reachable_from_outside(self.lab, address), within=5.0, what="somebody outside can reach it")
        return address

    def registered_at(self, link: str, within: float = 15.0) -> None:
        """Wait until every home address is registered from that link (or simply at home)."""

        def registered() -> bool:
            entries = self.home_addresses()
            states = ", ".join(f"{entry.address} is {entry.state.value}" for entry in entries)
            assert entries, "no home address"
            assert all(is_registered_at(entry, link) for entry in entries), states
            return True

        self.lab.eventually(registered, within=within, what=f"the home addresses are registered at {link}")

    def handovers(self) -> list[HandoverRecord]:
        """The laptop's record of its moves, the oldest first, as `mnctl --json handovers` tells it."""
        return read_handovers(self.laptop.mnctl("handovers", "--limit", str(MAX_HANDOVERS)))

    def step(self, link: str, probe: Probe, within: float = 20.0) -> Step:
        """Move, wait until probes come back and the laptop says that it is done; what it cost and what it says."""
        return self.watch(self.lab.move(link), probe, within)

    def watch(self, move: Move, probe: Probe, within: float = 20.0, *, recorded: bool = True) -> Step:
        """The second half of `step`, for a move made already. `recorded`: the laptop is asked for its record."""
        probe.recovered_after(move.plugged, within=within)
        watched_until = Instant(boot_time() + WATCH)
        self.lab.eventually(lambda: boot_time() >= watched_until, within=WATCH + 5.0)
        interruption = probe.interruption(move.unplugged, boot_time())
        return Step(move=move, interruption=interruption, record=self.record_of(move) if recorded else None)

    def record_of(self, move: Move, within: float = 10.0) -> HandoverRecord | None:
        """The laptop's own record of a move, once it is complete; None when there is none in time."""
        until = boot_time() + patient(within)
        while True:
            found = [each for each in self.handovers() if each.to_link == move.to_link and _is_of(each, move)]
            if found and found[-1].outcome == "completed":
                return found[-1]
            if boot_time() >= until:
                return None

    def go_home(self, within: float = 20.0) -> None:
        """Bring the laptop home and wait until it is at home: the starting point of the next test."""
        if self.lab.cables["eth0"].link != HOME:
            if self.lab.cables["eth0"].link:
                self.lab.unplug()
            self.lab.plug(HOME)
        self.registered_at(HOME, within=within)


def _is_of(record: HandoverRecord, move: Move) -> bool:
    """Whether a record tells of this move or a later one. It may have begun before, with doubts about the router."""
    return record.started + max(record.stages_ms.values(), default=0.0) / 1000 >= move.unplugged
