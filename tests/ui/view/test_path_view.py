# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from mnclient.model.problems import ProblemCode
from mnclient.model.status import CorrespondentState, HomeAddressState
from tests.ui import samples
from ui.view.path_view import Place, Stroke, path


def strokes(status):
    return {(line.start, line.end): (line.stroke, line.role, line.label) for line in path(status).lines}


def words(status):
    return {node.place: " | ".join((node.title, *node.lines)) for node in path(status).nodes}


def test_away_some_go_directly_and_some_through_the_agent():
    lines = strokes(samples.AWAY)
    assert lines[Place.COMPUTER, Place.NETWORK][0] is Stroke.SOLID
    assert lines[Place.NETWORK, Place.HOME_AGENT] == (Stroke.SOLID, "good", "tunnel")
    assert lines[Place.HOME_AGENT, Place.CORRESPONDENTS][0] is Stroke.SOLID
    assert lines[Place.NETWORK, Place.CORRESPONDENTS] == (Stroke.SOLID, "good", "directly")
    assert words(samples.AWAY)[Place.CORRESPONDENTS] == "Correspondents | 1 directly | 2 through the agent"
    assert words(samples.AWAY)[Place.NETWORK] == f"Visited network | {samples.CARE_OF} | on wlan0"


def test_at_home_nothing_goes_through_the_agent():
    lines = strokes(samples.AT_HOME)
    assert set(lines) == {(Place.COMPUTER, Place.NETWORK), (Place.NETWORK, Place.CORRESPONDENTS)}
    assert "not needed at home" in words(samples.AT_HOME)[Place.HOME_AGENT]


@pytest.mark.parametrize(
    "changes, stroke, role, label",
    [
        ({"verified": None}, Stroke.DASHED, "warning", "not verified"),
        ({"verified": False}, Stroke.BROKEN, "warning", "nothing comes back"),
        ({"state": HomeAddressState.REGISTERING}, Stroke.DASHED, "busy", "registering"),
        ({"state": HomeAddressState.REFUSED}, Stroke.BROKEN, "bad", "refused"),
        ({"state": HomeAddressState.DUPLICATE}, Stroke.BROKEN, "bad", "address in use"),
        ({"state": HomeAddressState.UNPROTECTED}, Stroke.BROKEN, "bad", "no key"),
        ({"state": HomeAddressState.SEARCHING, "care_of_address": None}, Stroke.DASHED, "quiet", ""),
    ],
)
def test_only_what_is_verified_is_a_whole_green_line(changes, stroke, role, label):
    lines = strokes(samples.with_address(**changes))
    assert lines[Place.NETWORK, Place.HOME_AGENT] == (stroke, role, label)
    assert lines[Place.HOME_AGENT, Place.CORRESPONDENTS][0] is Stroke.DASHED


def test_a_silent_home_agent_is_seen_once_it_is_a_problem():
    silent = samples.with_engine(
        samples.WORKING, problems=(samples.problem(ProblemCode.HOME_AGENT_SILENT, since=samples.NOW - 60),)
    )
    young = samples.with_engine(
        samples.WORKING, problems=(samples.problem(ProblemCode.HOME_AGENT_SILENT, since=samples.NOW - 1),)
    )
    assert strokes(silent)[Place.NETWORK, Place.HOME_AGENT] == (Stroke.BROKEN, "bad", "no answer")
    assert strokes(young)[Place.NETWORK, Place.HOME_AGENT][0] is Stroke.DASHED


def test_the_direct_way_while_it_is_tested():
    testing = samples.correspondent(0, CorrespondentState.TESTING)
    lines = strokes(samples.with_engine(correspondents=(testing,)))
    assert lines[Place.NETWORK, Place.CORRESPONDENTS] == (Stroke.DASHED, "busy", "testing the direct way")


def test_without_a_network():
    assert strokes(samples.NO_NETWORK)[Place.COMPUTER, Place.NETWORK][0] is Stroke.BROKEN
    assert words(samples.NO_NETWORK)[Place.NETWORK].startswith("No network")


def test_there_is_no_picture_without_a_home_address():
    assert path(samples.FIRST_RUN) is None


@pytest.mark.parametrize("status", [*samples.STATES.values(), samples.CROWDED, samples.TWO_ADDRESSES])
def test_who_does_not_see_it_hears_the_same(status):
    drawn = path(status)
    if drawn is None:
        return
    for node in drawn.nodes:
        assert node.title in drawn.description and all(line in drawn.description for line in node.lines)
    assert all(line.label in drawn.description for line in drawn.lines)


@pytest.mark.parametrize("state", HomeAddressState)
def test_every_state_can_be_drawn(state):
    assert len(path(samples.with_address(state=state)).nodes) == 4
