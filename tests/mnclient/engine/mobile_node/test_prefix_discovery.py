# SPDX-License-Identifier: GPL-2.0-or-later
"""Home prefixes while away (RFC 6275 sections 6.7, 6.8, 11.4.2 and 11.4.3)."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import REFRESH_FRACTION
from mnclient.engine.actions import Note, ReportHomePrefix, SendPacket
from mnclient.engine.events import DatapathChosen, PacketReceived
from mnclient.engine.mobile_node.prefix_discovery import MAX_SOLICITATIONS
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.security.authentication_option import authenticate
from mnclient.units import Seconds
from mnclient.wire.home_agent_discovery import MobilePrefixAdvertisement, MobilePrefixSolicitation
from mnclient.wire.neighbor_options import PrefixInformation
from mnclient.wire.packet import Packet, encode_packet
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.authenticated import KEY, MINE, Pair, answer_of
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    HOME_PREFIX,
    NET_B,
    Script,
    ack,
    binding_update,
    config,
    home,
    link,
    only,
    prefix,
    ra_a,
    ra_b,
    ra_home,
    sent,
    updates,
)

NEW_PREFIX, NEW_AGENT = IPv6Network("2001:db8:8::/64"), IPv6Address("2001:db8:8::1")
OTHER_AGENT = IPv6Address("2001:db8:1::2")


def solicitations(actions) -> list[SendPacket]:
    return sent(actions, MobilePrefixSolicitation)


def advertisement(
    asked: SendPacket | None, *prefixes: PrefixInformation, script: Script, **changes: object
) -> PacketReceived:
    """The answer to a solicitation, or with None one that nobody asked for."""
    identifier = 0 if asked is None else asked.packet.message.identifier  # type: ignore[union-attr]
    message = MobilePrefixAdvertisement(
        identifier=identifier, managed=False, other=False, options=prefixes or (prefix(HOME_PREFIX, router=AGENT),)
    )
    known = {"source": AGENT, "destination": script.care_of, "routing_home_address": HOME, **changes}
    return PacketReceived(interface="eth0", packet=Packet(message=message, **known))  # type: ignore[arg-type]


def asking(**rest: object) -> tuple[Script, SendPacket]:
    """Registered with status 1, which asks for prefix discovery."""
    script = Script(config(**rest))
    script.give(link())
    asked = only(solicitations(script.give(ack(only(updates(script.give(ra_a()))), 1))))
    assert script.where is State.REGISTERED
    return script, asked


def told(valid: float, preferred: float, *more: PrefixInformation, **rest: object) -> Script:
    """Registered, and told by the home agent how long the home prefix lasts."""
    script, asked = asking(**rest)
    option = prefix(HOME_PREFIX, router=AGENT, valid=valid, preferred=preferred)
    script.give(advertisement(asked, option, *more, script=script))
    return script


@pytest.mark.requirement("MN-11.7.3-09", "MN-11.4.2-02")
def test_status_1_asks_for_the_home_prefixes():
    script, asked = asking()
    packet = asked.packet
    assert (packet.source, packet.destination, packet.home_address) == (script.care_of, AGENT, HOME)
    other = asking()[1]
    assert packet.message.identifier != 0  # type: ignore[union-attr]
    assert encode_packet(packet)[6] == 60, "a destination option goes first"
    assert isinstance(other.packet.message, MobilePrefixSolicitation)


@pytest.mark.requirement("MN-11.4.2-02")
def test_each_solicitation_has_a_new_identifier():
    script, asked = asking()
    script.give(advertisement(asked, script=script))
    again = only(solicitations(script.give(advertisement(None, script=script))))
    assert again.packet.message != asked.packet.message


def test_status_0_asks_for_nothing():
    script = Script()
    script.register()
    assert solicitations(script.actions) == []


@pytest.mark.requirement("MN-11.8-01")
def test_solicitations_are_repeated_each_time_later_and_not_for_ever():
    script, asked = asking()
    line = [(at, action) for at, action in script.timeline(200.0) if solicitations([action])]
    assert [at for at, _ in line] == [3.0, 9.0, 21.0, 45.0]
    assert len(line) + 1 == MAX_SOLICITATIONS
    assert {action.packet.message for _, action in line} == {asked.packet.message}


@pytest.mark.requirement("MN-11.7.1-03")
def test_it_does_not_register_again_before_the_prefixes_are_known():
    script, asked = asking()
    # Nothing answers until the refresh is due; then the solicitation was given up, and it has to go on.
    assert updates(script.pass_time(70.0)) == []
    script, asked = asking(registration_lifetime=Seconds(60.0))
    assert updates(script.pass_time(45.5)) == [], "the refresh waits for the answer"
    script.give(advertisement(asked, script=script))
    assert [binding_update(each).lifetime for each in updates(script.pass_time(7.6))] == [60]


@pytest.mark.requirement("MN-11.7.1-03")
def test_a_binding_is_not_lost_for_want_of_an_answer():
    script, _ = asking(registration_lifetime=Seconds(60.0))
    assert len(updates(script.pass_time(53.0))) == 1
    assert script.where is State.REGISTERED


@pytest.mark.requirement("MN-11.4.3-06")
def test_an_answer_gives_the_home_address_its_lifetimes():
    script = told(1000.0, 500.0)
    status = script.home_address()
    assert (status.valid_until, status.preferred_until) == (script.now + 1000.0, script.now + 500.0)
    script = told(float("inf"), float("inf"))
    assert script.home_address().valid_until is None


@pytest.mark.requirement("MN-11.4.3-06")
def test_other_prefixes_of_the_home_link_are_reported():
    script, asked = asking()
    actions = script.give(
        advertisement(
            asked,
            prefix(HOME_PREFIX, router=AGENT),
            prefix(NEW_PREFIX, router=NEW_AGENT),
            prefix(NET_B, valid=0.0, preferred=0.0),
            prefix(IPv6Network("2001:db8:c::/64"), autonomous=False),
            prefix(IPv6Network("fe80::/64")),
            script=script,
        )
    )
    reports = [each for each in actions if isinstance(each, ReportHomePrefix)]
    assert reports == [ReportHomePrefix(home_address=HOME, prefix=NEW_PREFIX, home_agent=NEW_AGENT)]


@pytest.mark.requirement("MN-11.4.3-06")
@pytest.mark.parametrize("managed, other", [(False, False), (True, False), (False, True)])
def test_what_it_says_of_an_address_server_is_told_as_it_is_said(managed, other):
    """Nothing follows of it, as of Router Advertisements: home addresses are formed, or chosen."""
    script, asked = asking()
    answer = advertisement(asked, script=script)
    flags = replace(answer.packet.message, managed=managed, other=other)  # type: ignore[call-arg]
    actions = script.give(replace(answer, packet=replace(answer.packet, message=flags)))
    (note,) = [each for each in actions if isinstance(each, Note) and each.kind == "home-prefixes"]
    assert f"M={int(managed)} O={int(other)}," in note.text
    assert script.home_address().valid_until is not None


@pytest.mark.requirement("MN-11.4.3-01")
def test_nobody_but_the_home_agent_of_the_last_registration_is_believed():
    script, asked = asking()
    short = prefix(HOME_PREFIX, router=AGENT, valid=10.0, preferred=10.0)
    assert script.give(advertisement(asked, short, script=script, source=OTHER_AGENT)) == []
    assert script.home_address().valid_until is None
    assert script.node.counters()["mpa.ignored.source"] == 1
    script.give(advertisement(asked, short, script=script))
    assert script.home_address().valid_until is not None


@pytest.mark.requirement("MN-11.4.3-01")
def test_without_a_known_home_agent_nobody_is_believed():
    script = Script(config(home(agent=None)))
    script.give(link())
    script.give(ra_a())
    assert solicitations(script.give(advertisement(None, script=script))) == []
    assert script.node.counters()["mpa.ignored.source"] == 1


@pytest.mark.requirement("MN-11.4.3-02")
def test_without_a_routing_header_it_is_not_believed():
    script, asked = asking()
    assert script.give(advertisement(asked, script=script, routing_home_address=None)) == []
    bare = advertisement(asked, script=script)
    assert script.give(replace(bare, through_tunnel=True)) == []
    assert script.home_address().valid_until is None
    assert script.node.counters()["mpa.ignored.routing-header"] == 2


@pytest.mark.requirement("MN-11.4.3-03", "MN-11.4.3-04")
def test_only_the_first_answer_with_the_identifier_counts():
    script, asked = asking()
    wrong = advertisement(asked, script=script)
    forged = replace(wrong.packet.message, identifier=(wrong.packet.message.identifier + 1) % 65536)  # type: ignore[union-attr]
    script.give(replace(wrong, packet=replace(wrong.packet, message=forged)))
    assert script.home_address().valid_until is None
    script.give(advertisement(asked, script=script))
    ends = script.home_address().valid_until
    assert ends is not None
    script.pass_time(5.0)
    script.give(advertisement(asked, prefix(HOME_PREFIX, router=AGENT, valid=10.0, preferred=1.0), script=script))
    assert script.home_address().valid_until == ends, "the same answer once more"


@pytest.mark.requirement("MN-11.4.3-04", "MN-11.4.3-05")
def test_news_that_nobody_asked_for_are_asked_for():
    script = Script()
    script.register()
    short = prefix(HOME_PREFIX, router=AGENT, valid=10.0, preferred=10.0)
    asked = only(solicitations(script.give(advertisement(None, short, script=script))))
    assert script.home_address().valid_until is None
    assert solicitations(script.give(advertisement(None, short, script=script))) == [], "it is being asked"
    script.give(advertisement(asked, short, script=script))
    assert script.home_address().valid_until == script.now + 10.0
    flood = [solicitations(script.give(advertisement(None, short, script=script))) for _ in range(20)]
    assert sum(map(len, flood)) == 0, "no more than one in a second"


@pytest.mark.requirement("MN-11.4.2-01")
def test_before_the_home_address_becomes_invalid_it_is_asked_again():
    script = told(2000.0, 2000.0, registration_lifetime=Seconds(3000.0))
    script.give(ack(updates(script.actions)[-1]))
    asked = [at for at, action in script.timeline(1502.0) if solicitations([action])]
    assert asked == [1500.0], "three quarters of the lifetime are over"


@pytest.mark.requirement("MN-11.4.2-04", "MN-11.7.1-09")
def test_no_binding_is_asked_for_that_outlasts_the_home_prefix():
    script = told(302.0, 302.0)
    refresh = updates(script.actions)[-1]
    assert binding_update(refresh).lifetime == 300, "600 s were granted, and 302 s are left"
    script.give(ack(refresh))
    script.pass_time(100.0)
    script.give(link(interrupted=True))
    assert binding_update(only(updates(script.give(ra_b())))).lifetime == 200


@pytest.mark.requirement("MN-11.4.3-06")
def test_a_deprecated_home_address_is_not_for_new_connections():
    second = home(NEW_AGENT + 255, NEW_PREFIX, NEW_AGENT)
    script, asked = asking()
    script.configure(config(home(), second))
    update = next(each for each in updates(script.actions) if each.packet.home_address == second.address)
    script.give(ack(update, source=NEW_AGENT, home_address=second.address))
    before = {rule.table for rule in script.state.rules if rule.priority == 6275}
    script.give(advertisement(asked, prefix(HOME_PREFIX, router=AGENT, valid=500.0, preferred=0.0), script=script))
    after = {rule.table for rule in script.state.rules if rule.priority == 6275}
    assert before != after
    assert script.has_address("mn6home", HOME), "what runs goes on"


@pytest.mark.requirement("MN-11.4.3-06")
def test_when_the_home_prefix_ends_the_home_address_does():
    script = told(200.0, 100.0)
    script.give(ack(updates(script.actions)[-1]))
    assert script.has_address("mn6home", HOME)
    actions = script.pass_time(200.0)
    assert not script.has_address("mn6home", HOME)
    assert script.where is State.REFUSED
    assert ProblemCode.REGISTRATION_REFUSED in script.problems()
    assert not script.state.tunnels
    assert [binding_update(each).lifetime for each in updates(actions)][-1] == 0
    assert updates(script.pass_time(1000.0)) == [], "it is over"


def test_at_home_the_advertisements_there_decide():
    script = told(200.0, 100.0)
    script.give(ack(updates(script.actions)[-1]))
    script.pass_time(250.0)
    script.give(link(interrupted=True))
    script.give(ra_home())
    assert script.where in (State.DETECTING, State.RETURNING)
    assert script.home_address().valid_until is None


def test_nobody_is_asked_once_the_registration_is_lost():
    script, _ = asking()
    script.give(link(up=False))
    assert solicitations(script.pass_time(100.0)) == []


@pytest.mark.requirement("MN-11.4.3-02")
def test_with_a_key_it_is_asked_and_believed_under_that_alone():
    key = association(HOME)
    script = Script(None)
    script.give(DatapathChosen(route_optimization=False, protections=KINDS))
    script.configure(config(replace(home(), association=key), allow=False))
    script.give(link())
    update = only(updates(script.give(ra_a())))
    asked = only(solicitations(script.give(replace(ack(update, 1), protection=key.protection))))
    assert asked.protection == key.protection
    answer = advertisement(asked, script=script)
    assert script.give(answer) == []
    assert script.home_address().valid_until is None
    assert script.node.counters()["mpa.ignored.unprotected"] == 1
    script.give(replace(answer, protection=key.protection))
    assert script.home_address().valid_until is not None


@pytest.mark.requirement("RFC4285-MN-2-01")
def test_with_a_key_that_protects_binding_updates_alone_nothing_is_asked_or_believed():
    pair = Pair()
    pair.attach()
    assert pair.mobile.where is State.REGISTERED
    ended = prefix(HOME_PREFIX, router=AGENT, valid=0.0, preferred=0.0)
    for _ in range(2):  # news that nobody asked for would be a reason to ask
        assert solicitations(pair.mobile.give(advertisement(None, ended, script=pair.mobile))) == []
    assert pair.mobile.node.counters()["mpa.ignored.unprotected"] == 2
    assert pair.mobile.where is State.REGISTERED


@pytest.mark.parametrize("status", [0, 1])
def test_then_no_refresh_waits_for_it_either(status):
    """Whatever the home agent says of its prefixes, the binding is refreshed when it is time."""
    pair = Pair()

    def answered(packet: Packet) -> Packet:
        if packet.home_address is not None:
            return packet
        answer = answer_of(packet)
        bare = replace(answer, status=status, options=answer.options[:-1])
        care_of = packet.destination
        signed = authenticate(bare, key=KEY, spi=MINE.spi_in, care_of_address=care_of, home_address=HOME)
        return replace(packet, message=signed)

    pair.wire = answered
    pair.attach()
    first = len(pair.updates)
    pair.pass_time(REFRESH_FRACTION * 600.0 - 5.0)
    assert len(pair.updates) == first
    pair.pass_time(10.0)
    assert len(pair.updates) == first + 1
    assert set(pair.statuses) == {status}
