# SPDX-License-Identifier: GPL-2.0-or-later
"""One end of the tunnel is the kernel's and the other is portable, whichever came first: both are RFC 2473."""

from collections.abc import Iterator

import pytest

from tests.lab.asking import ask_status
from tests.lab.bulk import send_bulk
from tests.lab.lab import Lab
from tests.lab.modules import as_before, takes_a_module, without_the_module
from tests.lab.pcap import frames
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME, VISITED_A, VISITED_B
from tests.lab.traffic import call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

LAPTOP, HOME_AGENT = "laptop", "home agent"
OTHER = {LAPTOP: HOME_AGENT, HOME_AGENT: LAPTOP}
OUTSIDE = {LAPTOP: "eth0", HOME_AGENT: "core0"}
PORT_UNREACHABLE = "icmp6 and ip6[40:2] == 0x0104"
OCTETS = 200_000


class Mixed(Roaming):
    """Not started. Each end is started with a datapath of its own."""

    def start_end(self, name: str, datapath: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Start the laptop or the home agent, with this wish in its settings."""
        with monkeypatch.context() as environment:
            environment.setenv("DATAPATH", datapath)
            {LAPTOP: self.start_laptop, HOME_AGENT: self.start_home_agent}[name]()

    def service(self, name: str) -> Service:
        """The service of one end."""
        return self.laptop if name == LAPTOP else self.home_agent


@pytest.fixture
def mixed(lab: Lab) -> Iterator[Mixed]:
    made = Mixed(lab)
    with as_before():
        yield made
    made.stop()
    if lab.cables["eth0"].link != HOME:
        lab.move(HOME)


def works(lab: Lab, mixed: Mixed, portable: str) -> None:
    """In every direction, at every place, with packets of every size."""
    datapaths = {name: ask_status(mixed.service(name)).datapath.name for name in OTHER}
    assert datapaths == {portable: "portable", OTHER[portable]: "kernel"}
    address = mixed.home_address()
    service = mixed.service(portable)
    with lab.capture(service.node, OUTSIDE[portable], packet_filter=PORT_UNREACHABLE) as capture:
        for link in (VISITED_A, VISITED_B):
            lab.move(link)
            mixed.registered_at(link)
            call_from_outside(lab, address)
        send_bulk(lab.correspondent, lab.laptop, str(address), OCTETS)
        send_bulk(lab.laptop, lab.correspondent, str(CORRESPONDENT_ADDRESS), OCTETS, source=str(address))
        lab.eventually(lambda: mixed.home_addresses()[0].verified, within=10.0, what="the home address is verified")
        carried = ask_status(service).engine.counters
        assert min(carried["payload.received.octets"], carried["payload.sent.octets"]) > OCTETS
        lab.move(HOME)
        mixed.registered_at(HOME)
        call_from_outside(lab, address)
    assert list(frames(capture.file)) == [], "packets in the tunnel are not answered with an error"


@pytest.mark.parametrize("portable", OTHER)
def test_chosen_in_the_settings(lab, mixed, portable, monkeypatch):
    for name in OTHER:
        mixed.start_end(name, "portable" if name == portable else "auto", monkeypatch)
    works(lab, mixed, portable)


@takes_a_module
@pytest.mark.parametrize("portable", OTHER)
def test_the_kernel_learned_of_tunnels_when_one_end_ran_already(lab, mixed, portable, monkeypatch):
    with without_the_module():
        mixed.start_end(portable, "auto", monkeypatch)
    mixed.start_end(OTHER[portable], "auto", monkeypatch)
    works(lab, mixed, portable)
