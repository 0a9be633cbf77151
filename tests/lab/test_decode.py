# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl decode` and tshark read the same in the lab's own signalling."""

import json

import pytest

from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.service.tshark_compare import count, disagreements

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def captures(lab, roaming):
    """A tour, seen on the laptop's cable and at the home agent's two interfaces."""
    with (
        lab.capture(lab.laptop, "eth0") as laptop,
        lab.capture(lab.home_agent, "home0") as home,
        lab.capture(lab.home_agent, "core0") as core,
    ):
        for link in (VISITED_A, VISITED_B, HOME):
            lab.move(link)
            roaming.registered_at(link)
    return {"laptop": laptop.file, "home": home.file, "core": core.file}


@pytest.mark.parametrize("place", ["laptop", "home", "core"])
def test_they_agree_on_every_message(captures, place):
    assert count(captures[place]) > 0
    assert disagreements(captures[place]) == []


def test_the_tour_is_there_to_be_read(roaming, captures):
    """The command itself: two registrations came over the core, each with its answer."""
    result = roaming.laptop.mnctl_process("decode", str(captures["core"]))
    assert result.returncode == 0, result.stderr
    messages = [json.loads(line)["message"] for line in result.stdout.splitlines()]
    assert messages == ["BindingUpdate", "BindingAcknowledgement"] * 2
