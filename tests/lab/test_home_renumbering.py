# SPDX-License-Identifier: GPL-2.0-or-later
"""The home link gets another prefix while the laptop is away, and a connection to the old home address runs.

The prefixes are those of another router; the home agent beside it has to pass them on (RFC 6275 sections 10.6, 11.4.2
and 11.4.3).
"""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.status import HomeAddressState
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.home_agent_discovery import MobilePrefixAdvertisement, MobilePrefixSolicitation
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from tests.lab import settings
from tests.lab.discovery import solicited_node
from tests.lab.headers import packets
from tests.lab.hostile import ICMPV6, home_option, icmpv6
from tests.lab.household import Household
from tests.lab.messages import of_kind
from tests.lab.registration_tape import acknowledgements, updates
from tests.lab.renumbering import HomeRouter
from tests.lab.topology import HOME, HOME_PREFIX, VISITED_A
from tests.lab.traffic import TcpTransfer, reachable_from_outside

pytestmark = pytest.mark.lab

NEW_PREFIX = IPv6Network("2001:db8:8::/64")
OLD_ADDRESS, NEW_ADDRESS = HOME_PREFIX[0x100], NEW_PREFIX[0x100]
OLD_AGENT, NEW_AGENT = HOME_PREFIX[11], NEW_PREFIX[11]
AGENT_MAC = "02:00:00:00:01:0b"
NS, SOLICITATION, ADVERTISEMENT = 135, 146, 147
SOON = """
min_prefix_advertisement_interval = 1.0
max_prefix_advertisement_interval = 2.0
"""
LAST_SECONDS = 40  # what remains of the old prefix when the new one comes
SHORT = 10  # seconds of a prefix that ends


@pytest.fixture(scope="module")
def router(lab):
    """The router of the home link, which advertises its one prefix for a day."""
    started = HomeRouter(lab)
    started.advertise({HOME_PREFIX: (86400, 14400)})
    return started


@pytest.fixture(scope="module")
def house(lab, router):
    """A home agent beside the router, and the laptop in a visited network."""
    box = lab.add_home_link_box(11)
    agent = lab.start_service(box, settings.listening_home_agent(OLD_AGENT, SOON))
    lab.move(VISITED_A)
    laptop = lab.start_laptop(settings.laptop_with(OLD_ADDRESS, OLD_AGENT))
    started = Household(lab, home_agent=agent, laptop=laptop)
    started.registered_at(VISITED_A, within=20.0)
    return started


def addresses_of(lab) -> str:
    """What the kernel of the laptop has."""
    return lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "mn6home"]) or lab.laptop.run(
        ["ip", "-6", "-o", "addr", "show", "dev", "mn6tunnel"]
    )


@pytest.fixture(scope="module")
def capture(lab, house):
    """The laptop is told of its prefix, unasked, and asks for it; the home agent answers."""
    with lab.capture(lab.home_agent, "core0", "prefixes") as capture:
        house.laptop.mnctl("settings", "set", "mobile_node.registration_lifetime", "600")

        def asked() -> bool:
            return house.status().engine.home_addresses[0].valid_until is not None

        lab.eventually(asked, within=15.0, what="the laptop knows how long its home prefix lasts")
    return capture.file


@pytest.mark.requirement("HA-10.6.3-01", "HA-10.6.3-02", "HA-6.8-02")
def test_the_home_agent_tells_unasked(capture, house):
    (first, message), *_ = of_kind(capture, MobilePrefixAdvertisement)
    care_of = house.home_addresses()[0].care_of_address
    assert (first.source, first.destination, first.routing_home_address) == (OLD_AGENT, care_of, OLD_ADDRESS)
    assert [each.router for each in message.prefixes] == [OLD_AGENT]


@pytest.mark.requirement("MN-11.4.2-02", "MN-11.4.3-05", "MN-6.7-01")
def test_the_laptop_asks_because_of_that(capture, house):
    (asked, message), *_ = of_kind(capture, MobilePrefixSolicitation)
    care_of = house.home_addresses()[0].care_of_address
    assert (asked.source, asked.destination, asked.home_address) == (care_of, OLD_AGENT, OLD_ADDRESS)
    assert message.identifier != 0
    octets = next(each.octets for each in packets(capture) if each.icmp_type == SOLICITATION)
    body = message.identifier.to_bytes(2) + bytes(2)
    solicitation = icmpv6(SOLICITATION, 0, body, OLD_ADDRESS, OLD_AGENT)
    assert octets[40:] == home_option(ICMPV6, OLD_ADDRESS) + solicitation


@pytest.mark.requirement("HA-6.8-03", "HA-6.8-05", "HA-10.6.2-01", "HA-10.6.3-02")
def test_and_is_answered(capture, house):
    (asked, question), *_ = of_kind(capture, MobilePrefixSolicitation)
    answers = [
        each for each in of_kind(capture, MobilePrefixAdvertisement) if each[1].identifier == question.identifier
    ]
    ((answer, message),) = answers
    assert (answer.source, answer.destination) == (OLD_AGENT, asked.source)
    assert (answer.routing_home_address, message.managed, message.other) == (OLD_ADDRESS, False, False)
    (option,) = message.prefixes
    assert 86000 < option.valid_lifetime <= 86400, "as the router of the link said it"


@pytest.mark.requirement("HA-10.6.3-03")
def test_flags_of_the_router_of_the_home_link_are_passed_on(lab, house, router):
    """M and O, which the home agent by itself has no use for."""

    def told(file) -> list[tuple[bool, bool]]:
        found = of_kind(file, MobilePrefixAdvertisement) if file.exists() else []
        return [(message.managed, message.other) for _, message in found]

    for lines, flags in ((("AdvManagedFlag on", "AdvOtherConfigFlag on"), (True, True)), ((), (False, False))):
        with lab.capture(lab.home_agent, "core0", f"flags-{len(lines)}") as capture:
            router.advertise({HOME_PREFIX: (86400, 14400)}, *lines)
            lab.eventually(lambda capture=capture, flags=flags: flags in told(capture.file), within=15.0)


@pytest.mark.requirement("MN-11.5.5-04")
def test_back_home_the_home_agent_is_asked_for_from_nowhere(lab, house):
    """No advertisement says its hardware address: whoever answers for the home address is the home agent."""
    with lab.capture(lab.laptop, "eth0", "asked") as capture:
        lab.move(HOME)
        house.registered_at(HOME)
    seen = packets(capture.file)
    given_up = next(each.seen for each in updates(seen) if not each.lifetime)
    asked = [
        each for each in seen
        if each.icmp_type == NS and IPv6Address(each.body[8:24]) == OLD_ADDRESS and each.at < given_up.at
    ]  # fmt: skip
    assert asked
    for each in asked:
        assert (each.source, each.destination) == (IPv6Address("::"), solicited_node(OLD_ADDRESS))
    assert given_up.link_layer[0].hex(":") == AGENT_MAC
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)


@pytest.mark.requirement("MN-11.4.3-06", "MN-11.4.2-04", "MN-11.7.3-09")
def test_the_home_link_is_renumbered(lab, house, router):
    """Both home addresses work, until the old prefix ends; then the old one is gone, and the new one stays."""
    core, link = lab.nodes["r"], lab.home_agent
    core.ip(f"route add {NEW_PREFIX} via 2001:db8:ffff:0:1::2")
    link.ip(f"addr add {NEW_PREFIX[1]}/64 dev home0 nodad")
    with (
        TcpTransfer(lab, OLD_ADDRESS) as transfer,
        lab.capture(lab.home_agent, "core0", "renumbering") as capture,
    ):
        ends = ("--prefix", str(NEW_PREFIX), "--address", str(NEW_AGENT), "--interface", "home0")
        house.home_agent.mnctl("home-agent", "enable", *ends)
        router.advertise({HOME_PREFIX: (LAST_SECONDS, 0), NEW_PREFIX: (86400, 14400)})

        def two() -> bool:
            engine = house.status().engine
            now = {each.address: each for each in engine.home_addresses}
            assert set(now) == {OLD_ADDRESS, NEW_ADDRESS}, f"they are {list(now)}"
            ends = now[OLD_ADDRESS].valid_until
            assert ends is not None and ends - engine.now <= LAST_SECONDS, f"the old one ends at {ends}"
            assert now[OLD_ADDRESS].registered_until <= ends, "the home agent knows that it ends"
            return now[NEW_ADDRESS].registered and now[OLD_ADDRESS].registered

        lab.eventually(two, within=20.0, what="a home address in the new prefix is registered")
        assert {str(OLD_ADDRESS), str(NEW_ADDRESS)} <= set(addresses_of(lab).replace("/", " ").split())
        lab.eventually(reachable_from_outside(lab, NEW_ADDRESS), within=5.0)
        transfer.flows()
        assert transfer.finish().intact, "a connection on the old home address goes on"
    new = next(each for each in house.home_addresses() if each.address == NEW_ADDRESS)
    assert new.home_agent == NEW_AGENT
    sent = [message for update, message in of_kind(capture.file, BindingUpdate) if update.home_address == OLD_ADDRESS]
    assert sent, "the home agent is told that it is not to last longer"
    assert all(message.lifetime <= LAST_SECONDS for message in sent)
    seen = packets(capture.file)
    deprecated = next(each.seen.at for each in acknowledgements(seen) if each.status == 1)
    asking = [each for each in seen if each.icmp_type in (SOLICITATION, ADVERTISEMENT)]
    asking = [each for each in asking if OLD_AGENT in (each.source, each.destination) and each.at > deprecated]
    assert asking[0].icmp_type == SOLICITATION, "because of status 1, and not of what it is told later"


@pytest.mark.requirement("MN-11.4.3-06")
def test_when_the_old_prefix_ends_its_home_address_does(lab, house, router):
    router.advertise({NEW_PREFIX: (86400, 14400)})

    def ended() -> bool:
        now = {each.address: each.state for each in house.home_addresses()}
        assert now[OLD_ADDRESS] is HomeAddressState.REFUSED, f"it is {now[OLD_ADDRESS]}"
        return now[NEW_ADDRESS] is HomeAddressState.REGISTERED

    lab.eventually(ended, within=LAST_SECONDS + 20.0, what="the old home address has ended")

    def only_the_new_one() -> bool:
        kept = addresses_of(lab).replace("/", " ").split()
        assert str(OLD_ADDRESS) not in kept, kept
        return str(NEW_ADDRESS) in kept

    lab.eventually(only_the_new_one, within=5.0)
    lab.eventually(lambda: set(house.bound()) == {str(NEW_ADDRESS)}, within=5.0)
    lab.eventually(reachable_from_outside(lab, NEW_ADDRESS), within=5.0)


def test_the_new_home_address_is_kept_over_a_restart(lab, house):
    house.laptop.restart()
    lab.eventually(house.laptop.is_ready, within=15.0)

    def back() -> bool:
        now = {each.address: each for each in house.home_addresses()}
        return NEW_ADDRESS in now and now[NEW_ADDRESS].registered

    lab.eventually(back, within=20.0)
    lab.eventually(reachable_from_outside(lab, NEW_ADDRESS), within=5.0)


@pytest.mark.requirement("HA-8.4-03")
def test_an_administrator_switches_it_off(lab, house):
    house.home_agent.mnctl("settings", "set", "home_agent.prefix_advertisements", "false")
    before = house.home_agent.status()["engine"]["counters"]["mpa.sent"]
    with lab.capture(lab.home_agent, "core0", "silent") as silent:
        house.laptop.restart()
        lab.eventually(house.laptop.is_ready, within=15.0)
        lab.eventually(lambda: house.status().engine.home_addresses[-1].registered, within=20.0)
    assert of_kind(silent.file, MobilePrefixAdvertisement) == []
    assert house.home_agent.status()["engine"]["counters"]["mpa.sent"] == before


@pytest.mark.requirement("HA-10.3.1-12")
def test_no_binding_outlives_its_prefix(lab, house, router):
    """The last one of this file: the laptop's service stands still, and the router says that the prefix ends soon."""
    (entry,) = house.home_agent.mnctl("bindings")["binding_cache"]
    assert (entry["home_address"], entry["lifetime"]) == (str(NEW_ADDRESS), 600)
    with house.laptop.standing_still():
        with lab.capture(lab.home_agent, "home0", "ends") as capture:
            router.advertise({NEW_PREFIX: (SHORT, 0)})
            lab.eventually(lambda: SHORT in said(capture.file), within=15.0, what="the prefix is to end")
        router.advertise({HOME_PREFIX: (86400, 14400)})
        lab.eventually(lambda: house.bound() == {}, within=SHORT + 10.0, what="the binding ends")


def said(file) -> list[float]:
    """The valid lifetimes of prefixes that routers advertised."""
    found = of_kind(file, RouterAdvertisement) if file.exists() else []
    return [option.valid_lifetime for _, message in found for option in message.prefixes]
