# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service may say: a status for each state of the tray, and the worst of everything."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.handover import Handover, Outcome, Stage
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.service_status import (
    Datapath,
    KnownHomeAgent,
    ManagedHomeAddress,
    Origin,
    Proposal,
    ServiceStatus,
    Trust,
)
from mnclient.model.status import (
    BindingUpdateStatus,
    CorrespondentState,
    CorrespondentStatus,
    HomeAddressState,
    HomeAddressStatus,
    InterfaceStatus,
    Phase,
    RouterStatus,
    Status,
)
from mnclient.units import Instant, Seconds

BOOT_TIME = 1_790_000_000.0
NOW = Instant(5000.0)
HOME = IPv6Network("2001:db8:1::/64")
HOME_AGENT = IPv6Address("2001:db8:1::1")
ADDRESS = IPv6Address("2001:db8:1::10")
SECOND_ADDRESS = IPv6Address("2001:db8:7::10")
PROPOSED = IPv6Address("2001:db8:1:0:211:22ff:fe33:4455")
VISITED = IPv6Network("2001:db8:2::/64")
CARE_OF = IPv6Address("2001:db8:2::a8bb:ccff:fe00:100")
OTHER_VISITED = IPv6Network("2001:db8:3::/64")
CORRESPONDENTS = tuple(IPv6Network("2001:db8:c::/64")[0x80 + number] for number in range(4))


def router(address="fe80::1", prefix=VISITED, *, is_home_agent=False):
    return RouterStatus(
        address=IPv6Address(address),
        link_layer_address=bytes.fromhex("020000000001"),
        lifetime_until=Instant(NOW + 1800),
        prefixes=(prefix,),
        is_home_agent=is_home_agent,
        is_current=True,
    )


WIRELESS = InterfaceStatus(
    name="wlan0",
    priority=20,
    enabled=True,
    is_up=True,
    is_active=True,
    care_of_address=CARE_OF,
    reaches_home_agent=True,
    routers=(router(),),
)
WIRED = InterfaceStatus(name="eth0", priority=10, enabled=True, is_up=False)
MOBILE = InterfaceStatus(
    name="wwan0",
    priority=30,
    enabled=True,
    is_up=True,
    is_standby=True,
    care_of_address=IPv6Address("2001:db8:3::77"),
    routers=(router("fe80::3", OTHER_VISITED),),
)

REGISTERED = HomeAddressStatus(
    address=ADDRESS,
    prefix=HOME,
    home_agent=HOME_AGENT,
    state=HomeAddressState.REGISTERED,
    preferred=True,
    care_of_address=CARE_OF,
    interface="wlan0",
    registered=True,
    registered_until=Instant(NOW + 580),
    verified=True,
    verified_at=Instant(NOW - 12),
    last_status=0,
    protected=True,
)
HOME_REGISTRATION = BindingUpdateStatus(
    destination=HOME_AGENT,
    home_address=ADDRESS,
    care_of_address=CARE_OF,
    sequence=7,
    lifetime=Seconds(600.0),
    expires=Instant(NOW + 580),
    acknowledged=True,
    home_registration=True,
)


def correspondent(number, state, reason="", **more):
    return CorrespondentStatus(address=CORRESPONDENTS[number], home_address=ADDRESS, state=state, reason=reason, **more)


DIRECT = correspondent(0, CorrespondentState.DIRECT, care_of_address=CARE_OF, expires=Instant(NOW + 300))
TUNNELLED = correspondent(1, CorrespondentState.TUNNELLED, "its turn has not come yet")
UNRESPONSIVE = correspondent(2, CorrespondentState.UNRESPONSIVE, "it does not answer", retry=Instant(NOW + 60))

AGENT = KnownHomeAgent(
    address=HOME_AGENT,
    prefix=HOME,
    origin=Origin.LEARNED,
    link_layer_address=bytes.fromhex("020000000099"),
    interface="wlan0",
    advertisements=214,
    last_heard_time=BOOT_TIME + NOW - 90,
    rank=0.92,
    pinned=True,
    trust=Trust.PINNED,
)
SECOND_AGENT = KnownHomeAgent(
    address=IPv6Address("2001:db8:7::1"),
    prefix=IPv6Network("2001:db8:7::/64"),
    origin=Origin.ADMINISTRATOR,
    rank=0.4,
    trust=Trust.PINNED,
)
PROPOSAL = Proposal(
    address=PROPOSED,
    prefix=HOME,
    home_agent=HOME_AGENT,
    interface="wlan0",
    reason="heard 13 times on this network",
    proposed_time=BOOT_TIME + NOW - 5,
)

_MOVE = (
    (Stage.LINK_DOWN, 0.0),
    (Stage.LINK_UP, 0.004),
    (Stage.ROUTER_SOLICITED, 0.006),
    (Stage.ROUTER_HEARD, 0.021),
    (Stage.CARE_OF_ADDRESS, 0.022),
    (Stage.BINDING_UPDATE, 0.0235),
    (Stage.BINDING_ACKNOWLEDGED, 0.036),
    (Stage.FIRST_PAYLOAD, 0.038),
    (Stage.VERIFIED, 0.051),
    (Stage.CORRESPONDENTS, 0.094),
)


def handover(number=1, started=NOW - 60, outcome=Outcome.COMPLETED, slower=1.0, **changes):
    """A move; one that failed or is under way has only its first stages."""
    stages = _MOVE if outcome is Outcome.COMPLETED else _MOVE[:6]
    move = Handover(
        number=number,
        home_address=ADDRESS,
        from_network="home",
        to_network=str(VISITED),
        interface="wlan0",
        started=Instant(started),
        stages=tuple((stage, Instant(started + offset * slower)) for stage, offset in stages),
        outcome=outcome,
    )
    return replace(move, **changes)


HANDOVERS = (
    handover(1, NOW - 4000),
    handover(2, NOW - 2500, slower=3.2, from_network=str(VISITED), to_network=str(OTHER_VISITED), interface="wwan0"),
    handover(3, NOW - 1200, Outcome.FAILED, from_network=str(OTHER_VISITED)),
    handover(4, NOW - 1100, Outcome.SUPERSEDED),
    handover(5, NOW - 60),
)


def problem(code, subject=str(ADDRESS), detail=str(HOME_AGENT), since=NOW - 60):
    return Problem(code=code, subject=subject, detail=detail, since=Instant(since))


PROBLEMS = tuple(problem(code) for code in ProblemCode)
"""Every one of them at once."""

AWAY = ServiceStatus(
    version="0.1.0",
    boot_time=BOOT_TIME,
    datapath=Datapath(name="kernel", reason="the kernel has all that is needed"),
    route_optimization=Datapath(name="kernel", reason=""),
    engine=Status(
        now=NOW,
        phase=Phase.REGISTERED,
        home_addresses=(REGISTERED,),
        interfaces=(WIRED, WIRELESS, MOBILE),
        binding_update_list=(HOME_REGISTRATION,),
        correspondents=(DIRECT, TUNNELLED, UNRESPONSIVE),
        counters={"binding_updates_sent": 7},
    ),
    home_addresses=(
        ManagedHomeAddress(
            address=ADDRESS, prefix=HOME, home_agent=HOME_AGENT, origin=Origin.LEARNED, preferred=True, active=True
        ),
    ),
    known_home_agents=(AGENT, SECOND_AGENT),
    handovers=HANDOVERS,
)


def with_engine(status=AWAY, **changes):
    return replace(status, engine=replace(status.engine, **changes))


def with_address(status=AWAY, phase=None, **changes):
    """The first home address is otherwise; and perhaps the phase."""
    first, *others = status.engine.home_addresses
    return with_engine(status, phase=phase or status.engine.phase, home_addresses=(replace(first, **changes), *others))


_NOWHERE = {"care_of_address": None, "registered": False, "registered_until": None, "verified": None}
_DOWN = replace(WIRELESS, is_up=False, is_active=False, care_of_address=None, reaches_home_agent=None, routers=())

UNVERIFIED = with_address(verified=None, verified_at=None)
AT_HOME = with_engine(
    with_address(phase=Phase.AT_HOME, state=HomeAddressState.AT_HOME, **_NOWHERE),
    interfaces=(
        WIRED,
        replace(WIRELESS, is_home=True, care_of_address=None, routers=(router("fe80::99", HOME, is_home_agent=True),)),
        MOBILE,
    ),
    binding_update_list=(),
    correspondents=(),
)
WORKING = with_address(
    phase=Phase.REGISTERING, state=HomeAddressState.REGISTERING, registered=False, verified=None, last_status=None
)
NO_NETWORK = with_engine(
    with_address(phase=Phase.NO_NETWORK, state=HomeAddressState.WAITING, interface="", **_NOWHERE),
    interfaces=(WIRED, _DOWN, replace(MOBILE, is_up=False, is_standby=False, care_of_address=None, routers=())),
    binding_update_list=(),
    correspondents=(),
)
OFF = with_engine(
    NO_NETWORK, phase=Phase.OFF, home_addresses=(), interfaces=(WIRED, replace(WIRELESS, is_active=False))
)
PROBLEM = with_engine(
    with_address(phase=Phase.PROBLEM, state=HomeAddressState.REFUSED, registered=False, verified=None, last_status=129),
    problems=(problem(ProblemCode.REGISTRATION_REFUSED, detail="not allowed by the administrator"),),
)
QUESTION = replace(AWAY, proposals=(PROPOSAL,))

STATES = {
    "off": OFF,
    "at home": AT_HOME,
    "away verified": AWAY,
    "away registered": UNVERIFIED,
    "working": WORKING,
    "no network": NO_NETWORK,
    "problem": PROBLEM,
    "question": QUESTION,
}
"""The eight states of the tray icon."""

FIRST_RUN = replace(
    with_engine(AWAY, phase=Phase.NO_HOME_ADDRESS, home_addresses=(), binding_update_list=(), correspondents=()),
    home_addresses=(),
    handovers=(),
)
"""Nothing set up yet, but a home agent is heard."""

TWO_ADDRESSES = replace(
    with_engine(
        home_addresses=(
            REGISTERED,
            replace(
                REGISTERED,
                address=SECOND_ADDRESS,
                prefix=IPv6Network("2001:db8:7::/64"),
                home_agent=IPv6Address("2001:db8:7::1"),
                preferred=False,
                state=HomeAddressState.REGISTERING,
                registered=False,
                verified=None,
                protected=False,
            ),
        )
    ),
    home_addresses=(
        *AWAY.home_addresses,
        ManagedHomeAddress(
            address=SECOND_ADDRESS,
            prefix=IPv6Network("2001:db8:7::/64"),
            home_agent=IPv6Address("2001:db8:7::1"),
            origin=Origin.MANUAL,
            preferred=False,
            active=False,
        ),
    ),
)


def _many_bindings(count):
    return tuple(
        replace(
            HOME_REGISTRATION,
            destination=IPv6Network("2001:db8:c::/64")[0x1000 + number],
            home_registration=False,
            acknowledged=number % 7 != 0,
            sequence=number,
        )
        for number in range(count)
    )


CROWDED = replace(
    with_engine(
        binding_update_list=(HOME_REGISTRATION, *_many_bindings(499)),
        correspondents=tuple(
            CorrespondentStatus(
                address=each.destination,
                home_address=ADDRESS,
                state=list(CorrespondentState)[number % len(CorrespondentState)],
            )
            for number, each in enumerate(_many_bindings(499))
        ),
        interfaces=(
            WIRED,
            WIRELESS,
            MOBILE,
            *(replace(WIRED, name=f"veth-long-na-{number:02}", priority=100 + number) for number in range(12)),
        ),
        problems=PROBLEMS,
    ),
    known_home_agents=tuple(
        replace(
            AGENT,
            address=IPv6Network("2001:db8:1::/64")[1 + number],
            advertisements=number * number,
            rank=1.0 - number / 32,
            pinned=number < 2,
        )
        for number in range(32)
    ),
    handovers=tuple(handover(number, NOW - 4000 + 39 * number, slower=1 + number % 5) for number in range(1, 101)),
    proposals=tuple(replace(PROPOSAL, address=HOME[0x200 + number]) for number in range(3)),
)
"""32 home agents, 500 bindings, 100 moves, every problem."""
