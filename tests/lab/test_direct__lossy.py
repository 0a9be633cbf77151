# SPDX-License-Identifier: GPL-2.0-or-later
"""Every second Mobility Header between laptop and correspondent is lost: slower, and that is all."""

from collections.abc import Iterator

import pytest

from tests.lab.direct import is_direct, talking_directly
from tests.lab.lab import Lab
from tests.lab.lossy import losing_every_second_message
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import VISITED_A, VISITED_B
from tests.lab.traffic import TcpTransfer

pytestmark = [pytest.mark.lab, pytest.mark.kernel]


@pytest.fixture(scope="module")
def correspondent(lab: Lab, roaming: Roaming) -> Iterator[Service]:
    with talking_directly(roaming) as service:
        yield service


@pytest.mark.requirement("MN-11.8-04")
def test_every_second_signalling_packet_is_lost(lab, at_home, correspondent):
    (entry,) = at_home.home_addresses()
    with losing_every_second_message(lab), TcpTransfer(lab, entry.address) as transfer:
        for link in (VISITED_A, VISITED_B):
            lab.move(link)
            at_home.registered_at(link, within=30.0)
            is_direct(at_home, within=60.0)
            transfer.flows(within=30.0)
        assert transfer.finish().intact
