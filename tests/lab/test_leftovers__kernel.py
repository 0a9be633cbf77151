# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever ends our programs, every machine's network is as it was before them, with tunnels and direct routes too."""

import pytest

from tests.lab.direct import PRIVACY, is_direct, start_correspondent
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.snapshot import differences, snapshots
from tests.lab.test_leftovers import accepts_advertisements
from tests.lab.topology import HOME, VISITED_A, VISITED_B

pytestmark = [pytest.mark.lab, pytest.mark.kernel]


class Everything:
    """All three services, each of which leaves its marks; and how their machines were before."""

    def __init__(self, lab: Lab) -> None:
        for link in (VISITED_A, VISITED_B):
            lab.move(link)
            accepts_advertisements(lab, link)  # what the kernel makes by itself is there before
        lab.move(HOME)
        self.nodes = [lab.home_agent, lab.correspondent, lab.laptop]
        self.before = snapshots(self.nodes)
        self._lab = lab
        self._roaming = Roaming(lab)
        self._correspondent: Service | None = None

    @property
    def services(self) -> list[Service]:
        assert self._correspondent is not None
        return [self._roaming.laptop, self._correspondent, self._roaming.home_agent]

    def live(self) -> None:
        """Start all, or start them again; the laptop moves, talks directly, and ends in network B."""
        if self._correspondent is None:
            self._correspondent = start_correspondent(self._lab)
            self._roaming.start()
            self._roaming.laptop.mnctl("settings", "set", PRIVACY, "false")
        else:
            for service in self.services:
                service.start()
            for service in self.services:
                self._lab.eventually(service.is_ready, within=15.0)
        for link in (VISITED_A, VISITED_B):
            if self._lab.cables["eth0"].link != link:
                self._lab.move(link)
            self._roaming.registered_at(link)
            is_direct(self._roaming)
        for words in ("mn6tunnel", "xfrm: src", "proto hao"):
            assert any(words in line for line in self.left()), "this would show nothing"

    def left(self) -> list[str]:
        """What is not as it was before."""
        return differences(self.before, snapshots(self.nodes))


@pytest.fixture(scope="module")
def everything(lab: Lab) -> Everything:
    return Everything(lab)


def test_stop_leaves_nothing(everything):
    everything.live()
    assert [service.stop() for service in everything.services] == [0, 0, 0]
    assert everything.left() == []


def test_reset_network_after_a_kill_leaves_nothing(everything):
    everything.live()
    for service in everything.services:
        service.kill()
    for service in everything.services:
        result = service.mnctl_process("reset-network")
        assert result.returncode == 0, result.stderr
    assert everything.left() == []
