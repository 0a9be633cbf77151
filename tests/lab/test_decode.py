# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl decode` and tshark read the same in the lab's own signalling."""

import json

import pytest

from tests.lab.topology import HOME, LINKS, VISITED_A, VISITED_B
from tests.service.tshark_compare import count, disagreements

pytestmark = pytest.mark.lab

LINKS_OF = {str(LINKS[link].network_address)[:10]: link for link in (VISITED_A, VISITED_B)}


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
    """The command itself: over the core came a registration from each visited link, and each was answered.

    A busy router may take its time to find the laptop; then a Binding Update comes twice (RFC 6275 section 11.8).
    """
    result = roaming.laptop.mnctl_process("decode", str(captures["core"]))
    assert result.returncode == 0, result.stderr
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    assert {each["message"] for each in messages} == {"BindingUpdate", "BindingAcknowledgement"}
    places = [LINKS_OF[each["source"][:10]] for each in messages if each["message"] == "BindingUpdate"]
    assert list(dict.fromkeys(places)) == [VISITED_A, VISITED_B]
    assert len(places) <= 3, "more than one of them was repeated: answers are being lost"
    asked = [each["fields"]["sequence"] for each in messages if each["message"] == "BindingUpdate"]
    answered = [each["fields"]["sequence"] for each in messages if each["message"] == "BindingAcknowledgement"]
    assert set(answered) <= set(asked)
    assert answered[-1] == asked[-1]
    assert len(set(asked)) == len(asked)
