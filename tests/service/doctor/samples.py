# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts of a laptop where all is well, away and registered; tests change one of them."""

from dataclasses import replace
from ipaddress import IPv6Address

from service.doctor.examine import examine
from service.doctor.facts import (
    ClockFacts,
    Facts,
    HomeFacts,
    KernelFacts,
    ManagerFacts,
    NetworkFacts,
    RightsFacts,
    ServiceFacts,
    WayFacts,
)
from service.doctor.verdict import Check
from tests.service.fake_core import ADDRESS, AWAY, CARE_OF, ENGINE, HOME_AGENT

ROUTER = IPv6Address("fe80::1")
ENTRY = replace(ENGINE.home_addresses[0], care_of_address=CARE_OF, verified=True)
WELL = replace(AWAY, engine=replace(ENGINE, home_addresses=(ENTRY,), problems=(), home_agent=None), keys=())

OPEN = {"disable_ipv6": "0", "accept_ra": "1", "forwarding": "0"}

HEALTHY = Facts(
    kernel=KernelFacts(release="6.1.0", is_known=True, datapath="kernel"),
    network=NetworkFacts(settings={"all": OPEN, "default": OPEN, "lo": OPEN, "wlan0": OPEN, "eth0": OPEN}),
    managers=(
        ManagerFacts(name="NetworkManager", is_running=True),
        ManagerFacts(name="systemd-networkd", is_running=False),
    ),
    rights=RightsFacts(
        is_root=True,
        permissions={"org.mnclient.control": "yes", "org.mnclient.administer": "password"},
        state_directory="/var/lib/mnclient",
        state_mode=0o700,
        keys_mode=0o700,
    ),
    clock=ClockFacts(now=1_790_000_000.0, is_synchronized=True),
    service=ServiceFacts(own_version=WELL.version, status=WELL, mobile_node=True, home_agent=False),
    homes=(
        HomeFacts(
            address=ADDRESS,
            home_agent=HOME_AGENT,
            way=WayFacts(interface="wlan0", next_hop=ROUTER, neighbor="REACHABLE", is_answered=True),
        ),
    ),
)

DEAD = replace(
    HEALTHY,
    service=ServiceFacts(
        own_version="1", no_bus="The mnclient service is not running", no_bus_remedy="Start it.", mobile_node=True
    ),
)


def found(facts: Facts, name: str, group: str = "") -> Check:
    """The check of that name."""
    (check,) = [each for each in examine(facts) if each.name == name and group in each.group]
    return check


def with_way(**changes: object) -> Facts:
    """The healthy laptop with another way to its home agent."""
    (home,) = HEALTHY.homes
    return replace(HEALTHY, homes=(replace(home, way=replace(home.way, **changes)),))


def with_entry(**changes: object) -> Facts:
    """The healthy laptop whose home address stands otherwise."""
    return with_status(home_addresses=(replace(ENTRY, **changes),))


def with_status(**changes: object) -> Facts:
    """The healthy laptop whose service tells something else."""
    status = replace(WELL, engine=replace(WELL.engine, **changes))
    return replace(HEALTHY, service=replace(HEALTHY.service, status=status))
