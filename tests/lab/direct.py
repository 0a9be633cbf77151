# SPDX-License-Identifier: GPL-2.0-or-later
"""A correspondent with our service, and a laptop that may talk to it directly: route optimisation in the lab."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnclient.model.status import CorrespondentState, CorrespondentStatus
from tests.lab import settings
from tests.lab.headers import Seen, packets
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import CORRESPONDENT_ADDRESS
from tests.lab.traffic import call_from_outside

PRIVACY = "mobile_node.route_optimization.location_privacy"


def start_correspondent(lab: Lab, extra: str = "") -> Service:
    """Our service on the correspondent, in the correspondent's role."""
    return lab.start_service(lab.correspondent, settings.correspondent(extra))


def correspondent_of(roaming: Roaming) -> CorrespondentStatus | None:
    """What the laptop says of the lab's correspondent; None when it has not heard of it."""
    every = roaming.status().engine.correspondents
    return next((each for each in every if each.address == CORRESPONDENT_ADDRESS), None)


def is_direct(roaming: Roaming, within: float = 20.0) -> CorrespondentStatus:
    """Wait until laptop and correspondent talk directly, from where the laptop is now."""
    (entry,) = roaming.home_addresses()

    def direct() -> CorrespondentStatus | None:
        call_from_outside(roaming.lab, entry.address, within=1.0)  # it is traffic that makes the laptop try
        found = correspondent_of(roaming)
        assert found is not None, "the laptop knows no correspondent"
        assert found.state is CorrespondentState.DIRECT, f"the correspondent is {found.state.value}: {found.reason}"
        assert found.care_of_address == roaming.home_addresses()[0].care_of_address, "of another network"
        return found

    found = roaming.lab.eventually(direct, within=within, what="laptop and correspondent talk directly")
    assert found is not None
    return found


@contextmanager
def talking_directly(roaming: Roaming) -> Iterator[Service]:
    """For the block: the correspondent's service runs, and the laptop may use it."""
    service = start_correspondent(roaming.lab)
    roaming.laptop.mnctl("settings", "set", PRIVACY, "false")
    try:
        yield service
    finally:
        roaming.laptop.mnctl("settings", "set", PRIVACY, "true")
        service.stop()


def forget_nonces(lab: Lab, correspondent: Service) -> None:
    """By a crash of the correspondent: it knows none of its nonces afterwards."""
    correspondent.kill()
    correspondent.start()
    lab.eventually(correspondent.is_ready, within=15.0, what="the correspondent is back")


def between_the_two(file: Path) -> list[Seen]:
    """The signalling of laptop and correspondent, in a tunnel or not."""
    found = [each for each in packets(file) if each.innermost.message]
    return [each for each in found if CORRESPONDENT_ADDRESS in (each.innermost.source, each.innermost.destination)]
