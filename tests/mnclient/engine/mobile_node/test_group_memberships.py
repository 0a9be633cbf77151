# SPDX-License-Identifier: GPL-2.0-or-later
"""Groups joined by way of the home agent (RFC 6275 section 11.3.4)."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import SendMembership, WatchMemberships
from mnclient.engine.events import DatapathChosen, MembershipReceived, MembershipsKnown
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Seconds
from mnclient.wire.addresses import ALL_NODES
from mnclient.wire.multicast_listener import (
    ALL_MLDV2_ROUTERS,
    GroupRecord,
    ListenerQuery,
    ListenerReport,
    RecordType,
    TunnelledMembership,
)
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    Script,
    ack,
    config,
    home,
    link,
    ra_a,
    ra_b,
    ra_home,
    updates,
)

GROUP, OTHER_GROUP = IPv6Address("ff0e::1"), IPv6Address("ff0e::2")
LISTENING, JOINED, LEFT = (
    RecordType.MODE_IS_EXCLUDE,
    RecordType.CHANGE_TO_EXCLUDE_MODE,
    RecordType.CHANGE_TO_INCLUDE_MODE,
)


def query(script: Script, **changes: object) -> MembershipReceived:
    asked = TunnelledMembership(
        outer_source=AGENT,
        outer_destination=script.care_of,
        source=IPv6Address("fe80::1"),
        destination=ALL_NODES,
        message=ListenerQuery(maximum_response=Seconds(10.0)),
    )
    return MembershipReceived(membership=replace(asked, **changes))


def reports(actions) -> list[TunnelledMembership]:
    return [each.membership for each in actions if isinstance(each, SendMembership)]


def said(actions) -> list[tuple[RecordType, IPv6Address]]:
    return [(record.type, record.group) for each in reports(actions) for record in each.message.records]


def watched(actions) -> list[frozenset[IPv6Address]]:
    return [each.home_agents for each in actions if isinstance(each, WatchMemberships)]


def know(script: Script, *groups: IPv6Address):
    return script.give(MembershipsKnown(groups=frozenset(groups)))


@pytest.fixture
def away() -> Script:
    """Registered, and not asked yet."""
    script = Script(config(registration_lifetime=Seconds(3600.0)))
    script.register(ra_a())
    assert script.where is State.REGISTERED
    return script


@pytest.fixture
def asked(away) -> Script:
    """The home agent has sent a membership message through the tunnel; one group is joined."""
    assert watched(away.give(query(away))) == [frozenset({AGENT})]
    know(away, GROUP)
    away.pass_time(10)
    return away


@pytest.mark.requirement("MN-11.3.4-02")
def test_nothing_is_said_before_the_home_agent_has_asked(away):
    assert watched(away.actions) == []
    assert reports(know(away, GROUP)) == []
    assert reports(away.pass_time(1000)) == []


@pytest.mark.requirement("MN-11.3.4-02")
def test_nothing_is_said_without_a_binding():
    script = Script(config(registration_lifetime=Seconds(3600.0)))
    script.give(link())
    (update,) = updates(script.give(ra_a()))
    assert script.where is State.REGISTERING
    assert reports(script.give(query(script))) == []
    assert watched(script.actions) == []
    script.give(ack(update))
    assert reports(know(script, GROUP)) == []


@pytest.mark.requirement("MN-11.3.4-03")
def test_what_changes_is_said_at_once(asked):
    assert said(know(asked, GROUP, OTHER_GROUP)) == [(JOINED, OTHER_GROUP)]
    assert said(know(asked, OTHER_GROUP)) == [(LEFT, GROUP)]
    assert said(know(asked, OTHER_GROUP)) == []


def test_each_query_is_answered_within_its_time(asked):
    asked.give(query(asked))
    assert said(asked.pass_time(4.9)) == []
    assert said(asked.pass_time(0.2)) == [(LISTENING, GROUP)]  # the middle of ten seconds, as the test's chance has it
    assert said(asked.pass_time(1000)) == []


def test_a_report_goes_through_the_tunnel_from_a_link_local_address(asked):
    (report,) = reports(know(asked))
    assert (report.outer_source, report.outer_destination) == (asked.care_of, AGENT)
    assert report.source.is_link_local
    assert report.destination == ALL_MLDV2_ROUTERS
    assert report.message == ListenerReport(records=(GroupRecord(type=LEFT, group=GROUP),))


def test_with_no_group_there_is_no_answer(away):
    away.give(query(away))
    know(away)
    assert reports(away.pass_time(20)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"outer_source": IPv6Address("2001:db8:a::66")},
        {"outer_destination": IPv6Address("2001:db8:a::66")},
        {"message": ListenerReport(records=())},
    ],
)
def test_what_others_ask_does_not_count(away, changes):
    assert watched(away.give(query(away, **changes))) == []
    assert reports(know(away, GROUP)) == []
    assert away.node.counters()["mld.queries.ignored"] == 1


@pytest.mark.requirement("MN-11.3.4-03")
def test_it_holds_over_a_move_while_the_binding_lives(asked):
    before = asked.care_of
    asked.give(link(up=False))
    asked.give(link())
    (update,) = updates(asked.give(ra_b()))
    asked.give(ack(update))
    assert asked.where is State.REGISTERED
    assert asked.care_of != before
    (report,) = reports(know(asked, GROUP, OTHER_GROUP))
    assert report.outer_source == asked.care_of


@pytest.mark.requirement("MN-11.3.4-03", "MN-11.3.4-02")
def test_it_ends_with_the_binding(asked):
    actions = asked.pass_time(4000)  # nobody acknowledges the refreshes
    assert watched(actions) == [frozenset()]
    assert reports(know(asked, GROUP, OTHER_GROUP)) == []


@pytest.mark.requirement("MN-11.3.4-02")
def test_at_home_nothing_goes_through_a_tunnel(asked):
    asked.give(link(up=False))
    asked.give(link())
    actions = asked.give(ra_home())
    actions += asked.pass_time(3)
    for update in updates(actions):
        asked.give(ack(update, lifetime=0.0))
    asked.pass_time(5)
    assert asked.where in (State.AT_HOME, State.RETURNING, State.DETECTING)
    assert reports(know(asked, OTHER_GROUP)) == []


@pytest.mark.requirement("RFC4877-ALL-4.1-06")
def test_where_everything_is_encrypted_nothing_is_heard_or_said_in_clear():
    """What is said of groups has no way into ESP, so there it is not said at all, also when the wish comes later."""
    mine = association(HOME, AGENT)
    protected = replace(home(), association=mine)
    script = Script(None)
    script.give(DatapathChosen(route_optimization=False, protections=KINDS))
    script.configure(config(protected, registration_lifetime=Seconds(3600.0)))
    script.give(link())
    (update,) = updates(script.give(ra_a()))
    script.give(replace(ack(update), protection=mine.protection))
    assert script.where is State.REGISTERED
    script.give(query(script))
    assert reports(know(script, GROUP)), "only signalling is encrypted"
    everything = config(protected, registration_lifetime=Seconds(3600.0), protect_payload=True)
    assert watched(script.configure(everything)) == [frozenset()]
    assert reports(know(script, GROUP, OTHER_GROUP)) == []
    assert watched(script.give(query(script))) == []
    assert reports([*script.pass_time(20), *know(script)]) == []
    (tunnel,) = script.state.protected_tunnels
    assert tunnel.payload
