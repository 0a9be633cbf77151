# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine with our service in no role, in one, and without the service: what it does with Mobile IPv6's headers.

Headers of Mobile IPv6 are taken only by a whole role. Without the service the kernel answers for itself, as before.
"""

import pytest

from tests.kernel_lab.probe import lacking
from tests.lab import settings
from tests.lab.asking import ask_status
from tests.lab.hostile import (
    BU,
    COTI,
    DESTINATION_OPTIONS,
    HOTI,
    ICMPV6,
    MOBILITY,
    Stranger,
    home_option,
    icmpv6,
    ipv6,
    mobility,
    told,
    update,
)
from tests.lab.hostile_cases import claiming
from tests.lab.lab import Lab
from tests.lab.service import Service
from tests.lab.topology import CORRESPONDENT_ADDRESS

pytestmark = pytest.mark.lab

HOME = "2001:db8:77::7"
SOURCE = "2001:db8:ffff:0:4::2"
PAYLOAD = claiming(HOME, CORRESPONDENT_ADDRESS, SOURCE)
ECHO_REQUEST, ECHO_REPLY = 128, 129
ECHO = ipv6(SOURCE, CORRESPONDENT_ADDRESS, ICMPV6, icmpv6(ECHO_REQUEST, 0, bytes(4), SOURCE, CORRESPONDENT_ADDRESS))

NO_ROLE = f"""\
version = 1
{settings.datapath()}
[mobile_node]
enabled = false
"""


@pytest.fixture(scope="module")
def stranger(lab: Lab):
    with Stranger(lab.nodes["ar-b"], "core0") as made:
        yield made


@pytest.fixture(scope="module")
def service(lab: Lab) -> Service:
    return lab.start_service(lab.correspondent, NO_ROLE)


def messages() -> list[bytes]:
    """What begins return routability and a registration."""
    tests = [
        ipv6(SOURCE, CORRESPONDENT_ADDRESS, MOBILITY, mobility(kind, bytes(10), SOURCE, CORRESPONDENT_ADDRESS))
        for kind in (HOTI, COTI)
    ]
    header = mobility(BU, update(7), HOME, CORRESPONDENT_ADDRESS)
    return [*tests, ipv6(SOURCE, CORRESPONDENT_ADDRESS, DESTINATION_OPTIONS, home_option(MOBILITY, HOME) + header)]


def answers(lab: Lab, stranger: Stranger, packets: list[bytes], count: int) -> list[str]:
    """What comes back; of `count` answers at least."""
    stranger.received()
    found: list[str] = []
    for packet in packets:
        stranger.send(packet)

    def all_there() -> bool:
        found.extend(told(each) for each in stranger.received())
        return len(found) >= count

    lab.eventually(all_there, within=5.0, what=f"{count} answers, and there are {found}")
    return found


@pytest.mark.requirement("ALL-8.1-01")
def test_without_a_role_nothing_is_granted(lab, service, stranger):
    """No test is answered with a token, no update accepted. Who sends payload learns that there is no binding."""
    told = answers(lab, stranger, [*messages(), PAYLOAD], 1)
    assert not [each for each in told if each.startswith(("MH type", "BA 0"))], told
    assert ask_status(service).engine.correspondent_node is None
    assert "proto hao" not in lab.correspondent.run(["ip", "xfrm", "state"], check=False)


def test_the_role_is_switched_on_and_off(lab, service, stranger):
    """By the administrator, at run time. Off is the default, against the SHOULD: see docs/adr/0043."""
    assert service.mnctl("settings", "get", "correspondent_node.enabled")["value"] is False
    service.mnctl("correspondent-node", "enable")
    granted = "MH type 3" if not lacking() else "BE 2 home ::"  # a kernel that cannot send directly grants nothing
    assert granted in answers(lab, stranger, messages()[:1], 1)
    service.mnctl("correspondent-node", "disable")
    assert ask_status(service).engine.correspondent_node is None


@pytest.mark.requirement("ALL-6.3-05")
def test_without_the_service_the_kernel_answers_for_itself(lab, service, stranger):
    """One that does not know the option says so: our rules have gone with the service. One that knows it is silent."""
    service.stop()
    expected = ["PP 2 pointer 46"] if lacking() else []
    found = answers(lab, stranger, [PAYLOAD, ECHO], len(expected) + 1)
    assert found == [*expected, f"ICMPv6 {ECHO_REPLY} 0 pointer 0"]
    service.start()
    lab.eventually(service.is_ready, within=15.0)
    lab.eventually(lambda: answers(lab, stranger, [PAYLOAD], 1) == [f"BE 1 home {HOME}"], within=10.0)
