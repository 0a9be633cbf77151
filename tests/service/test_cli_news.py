# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.model.service_status import Datapath
from mnclient.model.status import CorrespondentNodeStatus, CorrespondentState
from mnclient.units import Instant
from service import cli_news
from service.cli_output import Output
from tests.service.fake_core import AWAY, BOOT_TIME, DIRECT, UNRESPONSIVE, with_address, with_engine

DIRECTLY = "2001:db8:c::80 is talked to directly"
TESTING = replace(DIRECT, state=CorrespondentState.TESTING, reason="traffic came")
MOVED = replace(DIRECT, care_of_address=IPv6Address("2001:db8:3::10"))
LONGER = replace(DIRECT, expires=Instant(5000.0))
LATER = replace(UNRESPONSIVE, retry=Instant(5000.0))
ROLE = CorrespondentNodeStatus(bindings=1, max_bindings=9)
KERNEL = Datapath(name="kernel", reason="")
NONE = Datapath(name="none", reason="the module is gone")
CAN = replace(AWAY, datapath=KERNEL, route_optimization=KERNEL)


def with_interface(**changes):
    """The second interface, which is down, otherwise."""
    return with_engine(interfaces=(AWAY.engine.interfaces[0], replace(AWAY.engine.interfaces[1], **changes)))


@pytest.mark.parametrize(
    "before, after, told",
    [
        (AWAY, AWAY, []),
        (AWAY, with_address(registered_until=Instant(2000.0)), []),
        (AWAY, replace(AWAY, proposals=()), []),
        (
            replace(AWAY, proposals=()),
            AWAY,
            ["Proposed: home address 2001:db8:1::20 (from the hardware address of wlan0)"],
        ),
        (AWAY, replace(AWAY, home_addresses=()), ["Home address 2001:db8:1::10 is gone"]),
        (replace(AWAY, handovers=()), AWAY, ["2001:db8:1::10 moved from home to 2001:db8:2::/64 in 140 ms"]),
        (AWAY, with_engine(problems=()), ["Solved: Registrations are not protected"]),
        (AWAY, with_engine(interfaces=()), ["wlan0 is gone", "eth0 is gone"]),
        (with_engine(interfaces=AWAY.engine.interfaces[:1]), AWAY, ["eth0 is down"]),
        (
            AWAY,
            with_interface(is_up=True, is_standby=True, reaches_home_agent=True),
            ["eth0 is up", "eth0 is kept ready as standby", "A home agent answers on eth0"],
        ),
        (
            with_interface(is_standby=True, reaches_home_agent=True),
            with_interface(reaches_home_agent=False),
            ["eth0 is no standby any more", "No home agent answers on eth0"],
        ),
        (with_interface(is_standby=True), with_interface(is_active=True), []),
        (with_interface(reaches_home_agent=False), with_interface(reaches_home_agent=None), []),
        (AWAY, with_interface(is_active=True, reaches_home_agent=True), []),
        (
            with_interface(is_active=True, reaches_home_agent=False),
            with_interface(is_active=True, reaches_home_agent=True),
            ["A home agent answers on eth0"],
        ),
        (AWAY, CAN, ["Datapath: kernel", "Route optimisation: on"]),
        (
            CAN,
            replace(CAN, route_optimization_off="location privacy is on"),
            ["Route optimisation: off: location privacy is on"],
        ),
        (CAN, replace(CAN, route_optimization=NONE), ["Route optimisation: not possible: the module is gone"]),
        (AWAY, with_engine(correspondents=(TESTING,)), []),
        (with_engine(correspondents=(TESTING,)), with_engine(correspondents=(DIRECT,)), [DIRECTLY]),
        (AWAY, with_engine(correspondents=(DIRECT,)), [DIRECTLY]),
        (with_engine(correspondents=(DIRECT,)), with_engine(correspondents=(MOVED,)), [DIRECTLY]),
        (with_engine(correspondents=(DIRECT,)), with_engine(correspondents=(LONGER,)), []),
        (
            with_engine(correspondents=(DIRECT,)),
            with_engine(correspondents=(TESTING,)),
            ["2001:db8:c::80 is not talked to directly any more: testing the direct way (traffic came)"],
        ),
        (
            with_engine(correspondents=(DIRECT, UNRESPONSIVE)),
            AWAY,
            ["2001:db8:c::80 is not talked to directly any more"],
        ),
        (
            AWAY,
            with_engine(correspondents=(UNRESPONSIVE,)),
            ["2001:db8:c::81 does not take part in route optimisation (no answer to return routability)"],
        ),
        (with_engine(correspondents=(UNRESPONSIVE,)), with_engine(correspondents=(LATER,)), []),
        (AWAY, with_engine(correspondent_node=ROLE), ["This machine is a correspondent node now"]),
        (with_engine(correspondent_node=ROLE), AWAY, ["This machine is not a correspondent node any more"]),
        (with_engine(correspondent_node=ROLE), with_engine(correspondent_node=replace(ROLE, bindings=5)), []),
    ],
)
def test_what_is_news(before, after, told):
    assert cli_news.changes(before, after, Output(boot_time=BOOT_TIME)) == told
