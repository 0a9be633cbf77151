# SPDX-License-Identifier: GPL-2.0-or-later
"""Every second Mobility Header is lost on the way between a visited network and home: slower, and that is all."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.lab.capture import SIGNALLING
from tests.lab.headers import packets
from tests.lab.lab import Lab
from tests.lab.lossy import losing_every_second_message
from tests.lab.registration_tape import acknowledgements, updates
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import TcpTransfer, reachable_from_outside

pytestmark = pytest.mark.lab


@pytest.fixture
def lossy(lab: Lab) -> Iterator[None]:
    with losing_every_second_message(lab):
        yield


@pytest.mark.requirement("MN-11.8-04", "MN-11.8-08")
def test_moves_are_registered_all_the_same(lab, at_home, home_address, lossy):
    """Each time with another sequence number, and as often as it takes."""
    with lab.capture(lab.laptop, "eth0", "lossy", SIGNALLING) as capture, TcpTransfer(lab, home_address) as transfer:
        for link in (VISITED_A, VISITED_B, HOME):
            lab.move(link)
            at_home.registered_at(link, within=30.0)
            transfer.flows(within=30.0)
        assert transfer.finish().intact
    lab.eventually(reachable_from_outside(lab, home_address), within=5.0)
    seen = packets(capture.file)
    numbers = [each.sequence for each in updates(seen)]
    assert len(numbers) > len({each.sequence for each in acknowledgements(seen)}), "nothing was repeated"
    assert all(0 < (later - earlier) % 2**16 < 2**15 for earlier, later in pairwise(numbers))
