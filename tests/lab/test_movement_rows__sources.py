# SPDX-License-Identifier: GPL-2.0-or-later
"""Which source address a new flow gets, and in which order destinations are tried (RFC 6724), on the laptop abroad.

Rules 1 to 3 and 5 to 8 are the kernel's, rule 4 and the choice of the router are ours (docs/adr/0011); destinations are
sorted by the C library, which asks the kernel which addresses are flagged as home addresses.
"""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address

import pytest

from tests.lab.discovery import Tape
from tests.lab.guest import neighbour_in_a
from tests.lab.lab import Lab
from tests.lab.node import inside
from tests.lab.roaming import Roaming
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME, LINKS, VISITED_A, VISITED_B

pytestmark = pytest.mark.lab

GUEST, GUEST_LOCAL = "2001:db8:2::66", "fe80::ff:fe00:66"
PUBLIC = "2001:db8:2::ff:fe00:10"
IPV6_ADDR_PREFERENCES, PREFER_PUBLIC = 72, 0x0002
LINK_LOCAL = "fe80::ff:fe00:10"
NEIGHBOR_AT_HOME = "2001:db8:1::1"


@dataclass
class Away:
    """The laptop abroad: its two addresses."""

    home_address: str
    care_of: str


@pytest.fixture(scope="module")
def away(lab: Lab, roaming: Roaming) -> Iterator[Away]:
    """In network A, settled, with a neighbour there. New connections to elsewhere have the home address."""
    with neighbour_in_a(lab, roaming, GUEST):
        entry = roaming.home_addresses()[0]
        yield Away(str(entry.address), str(entry.care_of_address))


def source(lab: Lab, destination: str, *, scope: str = "", preferences: int = 0, device: str = "") -> str:
    """The source address of a new flow of an ordinary program, which names none."""
    with inside(lab.laptop.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
        if preferences:
            opened.setsockopt(socket.IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, preferences)
        if device:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        opened.connect((destination, 9, 0, socket.if_nametoindex(scope) if scope else 0))
        return str(opened.getsockname()[0]).partition("%")[0]


@contextmanager
def configured(lab: Lab, *commands: str) -> Iterator[None]:
    """In the block these are in force on the laptop: addresses without detection, routes, devices."""
    done = []
    try:
        for each in commands:
            lab.laptop.ip(each)
            done.append(each)
        yield
    finally:
        for each in reversed(done):
            if " add " in each:
                lab.laptop.ip(each.replace(" add ", " del ").removesuffix(" nodad").partition(" type ")[0])


# --- the rules of section 5 ------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC6724-ALL-5-01")
def test_the_rules_are_applied_in_their_order(lab, away):
    """Each line: what there is beside the usual addresses, where to, and which address must win by which rule."""
    unique_local = "addr add fd00:1::10/64 dev eth0 nodad", "route add fd99::/64 dev eth0"
    other = (
        "link add other type veth peer name otherwise",
        "addr add 2001:db8:77::10/64 dev other nodad",
        "link set other up",
        "link set otherwise up",
        "route add 2001:db8:2:ffff::/64 dev other",
    )
    nearer = "addr add 2001:db8:9:9::10/64 dev eth0 nodad", "route add 2001:db8:9:8::/64 dev eth0"
    table = (
        ("1, the same address", (), PUBLIC, "", PUBLIC),
        ("2, the scope of a neighbour", (), GUEST_LOCAL, "eth0", LINK_LOCAL),
        ("2, the scope of a group", (), "ff02::1", "eth0", LINK_LOCAL),
        ("4, home address", (), str(CORRESPONDENT_ADDRESS), "", away.home_address),
        ("5, the interface", other, "2001:db8:2:ffff::9", "", "2001:db8:77::10"),
        ("6, the label", unique_local, "fd99::1", "", "fd00:1::10"),
        ("8, the longest prefix", nearer, "2001:db8:9:8::1", "", "2001:db8:9:9::10"),
    )
    for rule, commands, destination, scope, expected in table:
        with configured(lab, *commands):
            assert source(lab, destination, scope=scope) == expected, f"rule {rule}"


@pytest.mark.requirement("RFC6724-ALL-5-01", "RFC4862-MN-5.5.4-01")
def test_a_deprecated_address_is_not_chosen_while_there_is_another_and_old_flows_go_on(lab, away):
    """Rule 3 comes before the longest prefix: the deprecated one differs from the destination in the last bit only."""
    best = "2001:db8:2::67"
    with configured(lab, f"addr add {best}/128 dev eth0 nodad"):
        assert source(lab, GUEST) == best
        with inside(lab.laptop.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as old:
            old.connect((GUEST, 9))
            lab.laptop.ip(f"addr change {best}/128 dev eth0 preferred_lft 0")
            assert "deprecated" in lab.laptop.run(["ip", "-6", "addr", "show", "dev", "eth0"])
            assert source(lab, GUEST) in (PUBLIC, away.care_of)
            assert old.getsockname()[0] == best
            with Tape(lab.laptop, "eth0") as tape:
                old.send(b"still here")
                lab.eventually(lambda: [1 for _, packet in tape.packets() if b"still here" in packet], within=2.0)
                sent = next(packet for _, packet in tape.packets() if b"still here" in packet)
            assert IPv6Address(sent[8:24]) == IPv6Address(best)


@pytest.mark.requirement("RFC6724-MN-5-05")
def test_of_addresses_of_one_prefix_none_is_nearer_to_a_neighbour(lab, away):
    """More bits in common than the prefix has do not count, not even for the care-of address."""
    neighbor = str(IPv6Address(int(IPv6Address(away.care_of)) ^ 1))
    with configured(lab, "addr add 2001:db8:2::6789/64 dev eth0 nodad"):
        assert source(lab, neighbor) == source(lab, GUEST) == "2001:db8:2::6789", "the last one added wins the tie"


@pytest.mark.requirement("RFC6724-MN-5-04", "RFC6724-ALL-5-01")
def test_a_temporary_address_is_preferred_to_a_public_one_and_the_home_address_to_both(lab, away):
    lab.laptop.sysctl("net/ipv6/conf/eth0/use_tempaddr", 2)
    try:

        def temporary() -> str:
            text = lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0", "temporary", "-tentative"])
            found = [line.split()[3].partition("/")[0] for line in text.splitlines()]
            return next((each for each in found if IPv6Address(each) in LINKS[VISITED_A]), "")

        address = lab.eventually(temporary, within=5.0, what="the kernel makes a temporary address")
        assert source(lab, GUEST) == address
        assert source(lab, GUEST, preferences=PREFER_PUBLIC) in (PUBLIC, away.care_of)
        assert source(lab, str(CORRESPONDENT_ADDRESS)) == away.home_address
    finally:
        lab.laptop.sysctl("net/ipv6/conf/eth0/use_tempaddr", 0)
        for line in lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0", "temporary"]).splitlines():
            lab.laptop.ip(f"addr del {line.split()[3]} dev eth0")


# --- home addresses --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC6724-MN-5-01")
def test_a_new_flow_to_somebody_far_away_has_the_home_address(lab, away):
    assert source(lab, str(CORRESPONDENT_ADDRESS)) == away.home_address
    assert source(lab, "2001:db8:1::1") == away.home_address
    server = f"import socket; s = socket.create_server(('::', 7010), family=socket.AF_INET6); print(flush=True); {SAY}"
    started = lab.adopt(lab.correspondent.popen([sys.executable, "-c", server], pipes=True, log="who-calls"))
    assert started.popen.stdout is not None
    started.popen.stdout.readline()
    with inside(lab.laptop.namespace):
        socket.create_connection((str(CORRESPONDENT_ADDRESS), 7010), timeout=5.0).close()
    assert started.popen.stdout.readline().decode().strip() == away.home_address


SAY = "print(s.accept()[1][0], flush=True)"


@pytest.mark.requirement("RFC6724-MN-5-06")
def test_servers_of_the_link_are_not_asked_from_the_home_address(lab, away):
    """All DHCP servers of the link (RFC 8415): as long as a client binds to nothing."""
    assert source(lab, "ff02::1:2", scope="eth0") == LINK_LOCAL


@pytest.mark.requirement("RFC6724-MN-5-02")
def test_a_program_can_ask_for_the_care_of_address_instead(lab, away):
    """By binding to the address or to the interface. Where the kernel knows home addresses, by IPV6_PREFER_SRC_COA."""
    with inside(lab.laptop.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
        opened.bind((away.care_of, 0))
        opened.connect((str(CORRESPONDENT_ADDRESS), 9))
        assert opened.getsockname()[0] == away.care_of
        with Tape(lab.laptop, "eth0") as tape:
            opened.send(b"from here")
            lab.eventually(lambda: [1 for _, packet in tape.packets() if packet[48:] == b"from here"], within=2.0)
    chosen = IPv6Address(source(lab, str(CORRESPONDENT_ADDRESS), device="eth0"))
    assert chosen in LINKS[VISITED_A]


@pytest.mark.requirement("RFC6724-MN-6-01")
def test_a_destination_to_which_the_home_address_would_speak_is_tried_first(lab, away):
    """A name with two addresses: one is a neighbour's here, the other is far away."""
    names = lab.folder / "hosts"
    names.write_text(f"{GUEST} twofold\n{CORRESPONDENT_ADDRESS} twofold\n")
    ask = "import json, socket; print(json.dumps([each[4][0] for each in socket.getaddrinfo('twofold', 80, type=1)]))"
    script = f'mount --bind {names} /etc/hosts && exec "$0" -c "$1"'
    command = ["unshare", "--mount", "sh", "-c", script, sys.executable, ask]
    for order in ((GUEST, str(CORRESPONDENT_ADDRESS)), (str(CORRESPONDENT_ADDRESS), GUEST)):
        names.write_text("".join(f"{each} twofold\n" for each in order))
        assert source(lab, GUEST) != away.home_address
        assert json.loads(lab.laptop.run(command)) == [str(CORRESPONDENT_ADDRESS), GUEST]


# --- temporary addresses by choice -----------------------------------------------------------------------------------


@pytest.mark.requirement("RFC8981-MN-3.7-01", "RFC8981-MN-3.1-01", "RFC8981-MN-3.6-01", "RFC7217-MN-5-01")
@pytest.mark.requirement("RFC8981-MN-3.4-01")
def test_temporary_care_of_addresses_are_switched_on_and_off(lab, roaming, away):
    def moved(link: str) -> IPv6Address:
        lab.move(link)
        roaming.registered_at(link)
        address = roaming.home_addresses()[0].care_of_address
        assert address in LINKS[link]
        return address

    def identifier(address: IPv6Address) -> bytes:
        return address.packed[8:]

    off = [moved(VISITED_B), moved(VISITED_A)]
    roaming.laptop.mnctl("settings", "set", "mobile_node.identifier", "temporary")
    on = [moved(VISITED_B), moved(VISITED_A), moved(VISITED_B)]
    there = lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"])
    assert [each for each in (*off, *on) if f" {each}/" in there] == on[-1:], "those of other links are removed"
    assert len({identifier(each) for each in (*off, *on)}) == 5, "each is another one"
    roaming.laptop.mnctl("settings", "set", "mobile_node.identifier", "stable-opaque")
    assert [moved(VISITED_A), moved(VISITED_B)] == [off[1], off[0]]
    lab.move(HOME)
    roaming.registered_at(HOME)


@pytest.mark.requirement("RFC6724-MN-5-01")
def test_at_home_the_address_that_is_both_wins_over_one_that_is_not(lab, roaming, away):
    """Both of one prefix on one interface, and the other one was added last: for neighbours as for who is far away."""
    lab.move(HOME)
    roaming.registered_at(HOME)
    lab.eventually(lambda: "tentative" not in lab.laptop.run(["ip", "-6", "addr", "show", "dev", "eth0"]), within=5.0)
    with configured(lab, "addr add 2001:db8:1::6789/64 dev eth0 nodad"):
        assert source(lab, str(CORRESPONDENT_ADDRESS)) == away.home_address
        assert source(lab, NEIGHBOR_AT_HOME) == source(lab, NEIGHBOR_AT_HOME, device="eth0") == away.home_address
        assert source(lab, "2001:db8:1::6789") == "2001:db8:1::6789", "rule 1: the machine itself"
        assert source(lab, "ff02::1", scope="eth0") == LINK_LOCAL, "rule 2: not even by the home address"
        with inside(lab.laptop.namespace), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as other:
            other.settimeout(5.0)
            other.bind(("2001:db8:1::6789", 0))
            with pytest.raises(ConnectionRefusedError):  # an answer: who asks for the other address has it
                other.connect((NEIGHBOR_AT_HOME, 9))
