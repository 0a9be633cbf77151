# SPDX-License-Identifier: GPL-2.0-or-later
"""More home prefixes than fit into one Router Advertisement: it comes in parts, and each says what a laptop needs."""

from ipaddress import IPv6Network
from itertools import groupby

import pytest

from tests.lab import settings
from tests.lab.discovery import Heard, Tape
from tests.lab.headers import HEADER
from tests.lab.topology import HOME_AGENT_MAC

pytestmark = pytest.mark.lab

MTU = 1280
PREFIXES = [IPv6Network((0x20010DB8_0010 << 80 | number << 64, 64)) for number in range(40)]
PREFERENCE = 20
ROUTER_ADVERTISEMENT, PREFIX_INFORMATION, HOME_AGENT_INFORMATION = 134, 3, 8
H_FLAG, R_FLAG = 0x20, 0x20
FIXED = 16  # octets before the options


def many_links(preference: int) -> str:
    """A home agent of all these prefixes, on one interface."""
    head, _, link = settings.home_agent(preference=preference).partition("[[home_agent.links]]")
    lines = [line for line in link.splitlines() if not line.startswith(("prefix", "address"))]
    links = [
        "\n".join(("[[home_agent.links]]", f'prefix = "{each}"', f'address = "{each[1]}"', *lines)) for each in PREFIXES
    ]
    return head + "\n".join(links)


def options(heard: Heard) -> list[tuple[int, bytes]]:
    """All of them: type, and what is behind the length."""
    found, rest = [], heard.body[FIXED:]
    while rest:
        found.append((rest[0], rest[2 : 8 * rest[1]]))
        rest = rest[8 * rest[1] :]
    return found


def of_type(heard: Heard, kind: int) -> list[bytes]:
    return [data for each, data in options(heard) if each == kind]


def whole(parts: list[Heard]) -> bool:
    """Whether they name every prefix."""
    return len({data[14:30] for each in parts for data in of_type(each, PREFIX_INFORMATION)}) == len(PREFIXES)


@pytest.mark.requirement("HA-7.4-03", "HA-7.2-01", "HA-7.4-02", "HA-7.1-01", "HA-7.5-03")
@pytest.mark.parametrize("preference", [PREFERENCE, 0], ids=["with the option", "without it"])
def test_all_parts_say_the_same_of_the_home_agent(lab, preference):
    lab.home_agent.ip(f"link set home0 mtu {MTU}")
    with Tape(lab.laptop, "eth0") as tape:
        service = lab.start_service(lab.home_agent, many_links(preference))

        def parts() -> list[Heard]:
            found = [each for each in tape.heard(ROUTER_ADVERTISEMENT) if each.hardware_source == HOME_AGENT_MAC]
            return [each for each in found if each.body[6:8] != bytes(2)]  # no farewell of the one before

        lab.eventually(lambda: whole(parts()), within=15.0, what="every prefix is advertised")
        service.stop()
    found = parts()
    assert {len(each.body) + HEADER <= MTU for each in found} == {True}
    assert len(found) >= 2 and not whole(found[:1])
    for each in found:
        assert each.body[5] & H_FLAG
        assert of_type(each, 1) == [bytes.fromhex(HOME_AGENT_MAC.replace(":", ""))]
        prefixes = of_type(each, PREFIX_INFORMATION)
        assert prefixes and all(data[1] & R_FLAG and data[29] == 1 for data in prefixes)
    said = [of_type(each, HOME_AGENT_INFORMATION) for each in found]
    assert len(list(groupby(said))) == 1, "one part says something else than another"
    assert bool(said[0]) is bool(preference)
    assert all(int.from_bytes(data[2:4]) == preference for data in said[0])
