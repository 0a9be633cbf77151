# SPDX-License-Identifier: GPL-2.0-or-later
"""What mobile nodes listen to, as the home agent knows it (RFC 6275 sections 10.4.2 and 10.4.3)."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.constants import LISTENING_INTERVAL, MAX_GROUPS_PER_HOME_ADDRESS
from mnclient.engine.actions import SendMembership
from mnclient.engine.events import BindingsDismissed, DatapathChosen, MembershipReceived, Stopping
from mnclient.model.binding_filter import ALL_BINDINGS
from mnclient.model.network_state import GroupForwarding
from mnclient.wire.multicast_listener import (
    ALL_MLDV2_ROUTERS,
    GroupRecord,
    ListenerQuery,
    ListenerReport,
    RecordType,
    TunnelledMembership,
)
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    HOME,
    HOME_LINK_LOCAL,
    OTHER_HOME,
    VIRTUAL_HOME,
    Script,
    binding_update,
)

ON = replace(CONFIG, multicast=True)
GROUP, OTHER_GROUP = IPv6Address("ff0e::1"), IPv6Address("ff3e::2")
JOIN, LEAVE = RecordType.CHANGE_TO_EXCLUDE_MODE, RecordType.CHANGE_TO_INCLUDE_MODE


def queries(actions) -> list[TunnelledMembership]:
    return [each.membership for each in actions if isinstance(each, SendMembership)]


def report(*records, source=HOME_LINK_LOCAL, outer_source=CARE_OF, outer_destination=AGENT) -> MembershipReceived:
    made = tuple(GroupRecord(type=kind, group=group, sources=sources) for kind, group, sources in records)
    return MembershipReceived(
        membership=TunnelledMembership(
            outer_source=outer_source,
            outer_destination=outer_destination,
            source=source,
            destination=ALL_MLDV2_ROUTERS,
            message=ListenerReport(records=made),
        )
    )


def forwarded(script: Script) -> set[tuple[IPv6Address, IPv6Address, IPv6Address]]:
    """Home address, group, and where the copies go."""
    every = [each for state in script.desired.values() for each in state.group_forwardings]
    assert all((each.interface, each.local) == ("eth0", AGENT) for each in every)
    return {(each.home_address, each.group, each.remote) for each in every}


@pytest.fixture
def script() -> Script:
    """One mobile node is bound, and was asked."""
    script = Script(ON)
    script.register(HOME)
    script.advance(2)
    return script


@pytest.mark.requirement("HA-10.4.3-01")
def test_it_is_asked_at_once_soon_again_and_then_every_two_minutes():
    script = Script(ON)
    asked = []
    script.update(1, 4000.0)
    for _ in range(310):
        asked += [script.now] * len(queries(script.advance(1)))
    assert [round(each - asked[0]) for each in asked] == [0, 32, 157, 282]  # 31.25 and 125 s, in whole seconds
    (first, *_) = queries(script.actions)
    assert (first.outer_source, first.outer_destination) == (AGENT, CARE_OF)
    assert first.source.is_link_local
    assert first.destination == IPv6Address("ff02::1")
    assert first.message == ListenerQuery(maximum_response=10.0)


@pytest.mark.requirement("HA-10.4.3-01")
def test_nobody_is_asked_whose_duplicate_detection_runs_or_whose_link_is_virtual():
    script = Script(ON)
    assert queries(script.update(1)) == []
    script.register(VIRTUAL_HOME)
    assert queries(script.actions) == []
    (first,) = queries(script.advance(1.0))
    assert (first.outer_source, first.outer_destination) == (AGENT, CARE_OF)


@pytest.mark.requirement("HA-10.4.2-05")
@pytest.mark.parametrize(
    ("kind", "sources", "joined"),
    [
        (RecordType.MODE_IS_EXCLUDE, 0, True),
        (RecordType.MODE_IS_EXCLUDE, 3, True),
        (JOIN, 0, True),
        (RecordType.ALLOW_NEW_SOURCES, 1, True),
        (RecordType.MODE_IS_INCLUDE, 1, True),
        (LEAVE, 1, True),
        (RecordType.MODE_IS_INCLUDE, 0, False),
        (LEAVE, 0, False),
        (RecordType.BLOCK_OLD_SOURCES, 1, False),
    ],
)
def test_what_a_record_means(script, kind, sources, joined):
    script.give(report((kind, GROUP, sources)))
    assert forwarded(script) == ({(HOME, GROUP, CARE_OF)} if joined else set())


@pytest.mark.requirement("HA-10.4.2-04")
@pytest.mark.parametrize("group", ["ff02::1234", "ff01::1", "ff05::1", "ff08::1", "ff0f::1", "ff00::1"])
def test_only_groups_of_global_scope(script, group):
    script.give(report((JOIN, IPv6Address(group), 0)))
    assert forwarded(script) == set()


@pytest.mark.requirement("HA-10.4.2-05")
def test_join_leave_and_leave_again(script):
    script.give(report((JOIN, GROUP, 0), (JOIN, OTHER_GROUP, 0)))
    assert forwarded(script) == {(HOME, GROUP, CARE_OF), (HOME, OTHER_GROUP, CARE_OF)}
    assert script.give(report((JOIN, GROUP, 0))) == []  # nothing new
    script.give(report((LEAVE, GROUP, 0)))
    assert forwarded(script) == {(HOME, OTHER_GROUP, CARE_OF)}
    assert script.give(report((LEAVE, GROUP, 0))) == []


@pytest.mark.requirement("HA-10.4.3-01")
def test_what_is_not_reported_any_more_ends(script):
    script.update(2, 4000.0)
    script.give(report((JOIN, GROUP, 0)))
    script.advance(LISTENING_INTERVAL - 10)
    script.give(report((RecordType.MODE_IS_EXCLUDE, GROUP, 0)))
    script.advance(LISTENING_INTERVAL - 1)
    assert forwarded(script)
    script.advance(2)
    assert forwarded(script) == set()


def test_it_moves_and_is_asked_again(script):
    script.give(report((JOIN, GROUP, 0)))
    (query,) = queries(script.update(2, source=CARE_OF_2))
    assert query.outer_destination == CARE_OF_2
    assert forwarded(script) == {(HOME, GROUP, CARE_OF_2)}
    script.give(report((LEAVE, GROUP, 0)))  # from where it was: somebody else by now
    assert forwarded(script) == {(HOME, GROUP, CARE_OF_2)}


@pytest.mark.requirement("HA-10.4.3-01")
def test_two_mobile_nodes_of_the_same_link_local_address_are_told_apart_by_their_tunnels(script):
    script.register(OTHER_HOME, source=CARE_OF_2)
    script.advance(2)
    script.give(report((JOIN, GROUP, 0), outer_source=CARE_OF_2))
    assert forwarded(script) == {(OTHER_HOME, GROUP, CARE_OF_2)}


def test_two_home_addresses_in_one_tunnel(script):
    script.register(OTHER_HOME)
    script.advance(2)
    script.give(report((JOIN, GROUP, 0), source=IPv6Address("fe80::200")))
    assert forwarded(script) == {(OTHER_HOME, GROUP, CARE_OF)}


@pytest.mark.parametrize(
    "stranger",
    [{"outer_source": CARE_OF_2}, {"outer_destination": IPv6Address("2001:db8:1::2")}],
)
def test_what_comes_by_no_tunnel_of_ours_is_passed_over(script, stranger):
    assert script.give(report((JOIN, GROUP, 0), **stranger)) == []
    assert script.agent.counters()["mld.ignored.stranger"] == 1


def test_a_query_is_not_ours_to_answer(script):
    event = report()
    query = replace(event.membership, message=ListenerQuery(maximum_response=1.0))
    assert script.give(MembershipReceived(membership=query)) == []


@pytest.mark.parametrize("end", ["deregister", "dismiss", "expire", "off", "stop", "role"])
def test_all_ends_with_the_binding_or_the_setting(script, end):
    script.give(report((JOIN, GROUP, 0)))
    match end:
        case "deregister":
            script.update(2, 0)
        case "dismiss":
            script.give(BindingsDismissed(which=ALL_BINDINGS))
        case "expire":
            script.advance(700)
        case "off":
            script.configure(CONFIG)
        case "stop":
            script.give(Stopping())
        case "role":
            script.configure(None)
    assert forwarded(script) == set()
    assert queries(script.advance(1000)) == []


@pytest.mark.requirement("HA-10.4.3-01")
def test_off_is_how_it_begins_and_on_asks_everybody():
    script = Script()
    script.register(HOME)
    assert queries(script.advance(300)) == []
    assert script.give(report((JOIN, GROUP, 0))) == []
    (query,) = queries(script.configure(ON))
    assert query.outer_destination == CARE_OF


def test_one_mobile_node_has_no_more_than_so_many_groups(script):
    many = [(JOIN, IPv6Address(int(GROUP) + n), 0) for n in range(MAX_GROUPS_PER_HOME_ADDRESS + 10)]
    script.give(report(*many))
    assert len(forwarded(script)) == MAX_GROUPS_PER_HOME_ADDRESS
    assert script.agent.counters()["mld.groups.refused"] == 10


def test_what_the_kernel_is_asked_for(script):
    script.give(report((JOIN, GROUP, 0)))
    (state,) = [state for owner, state in script.desired.items() if owner.startswith("home-agent-groups:")]
    assert state.items() == {
        GroupForwarding(interface="eth0", group=GROUP, home_address=HOME, local=AGENT, remote=CARE_OF)
    }


@pytest.mark.requirement("RFC4877-ALL-4.1-06")
def test_who_has_everything_encrypted_is_not_asked_or_sent_anything_in_clear():
    """What is said of groups, and the copies, have no way into ESP; those without a key are served as ever."""
    keyed = replace(ON, associations=(association(HOME),), allow_unprotected_signalling=True)
    script = Script(config=None)
    script.give(DatapathChosen(route_optimization=False, protections=KINDS))
    script.configure(keyed)
    script.give(replace(binding_update(home=HOME, lifetime=4000.0), protection=association(HOME).protection))
    script.advance(2)
    assert [each.outer_destination for each in queries(script.actions)] == [CARE_OF], "only signalling is encrypted"
    script.give(report((JOIN, GROUP, ())))
    assert forwarded(script) == {(HOME, GROUP, CARE_OF)}
    script.configure(replace(keyed, protect_payload=True))
    assert forwarded(script) == set()
    assert queries(script.advance(1000)) == []
    script.give(report((JOIN, GROUP, ())))
    assert forwarded(script) == set()
    script.give(binding_update(home=OTHER_HOME, care_of=CARE_OF_2))
    assert [each.outer_destination for each in queries(script.advance(2))] == [CARE_OF_2]
