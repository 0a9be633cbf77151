# SPDX-License-Identifier: GPL-2.0-or-later
"""A service core without a network: it holds a status, notes what it is asked, and tells of changes when told to."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from mnclient.errors import ConfigError, MobileIPv6Error
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.handover import Handover, Outcome, Stage
from mnclient.model.keys import KeyInfo, KeyKind, KeyOwner
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.service_status import (
    Datapath,
    KnownHomeAgent,
    ManagedHomeAddress,
    Origin,
    Proposal,
    ServiceStatus,
    Suggestion,
)
from mnclient.model.status import (
    BindingCacheStatus,
    BindingUpdateStatus,
    CorrespondentNodeStatus,
    CorrespondentState,
    CorrespondentStatus,
    HomeAddressState,
    HomeAddressStatus,
    HomeAgentStatus,
    HomeLinkStatus,
    InterfaceStatus,
    Phase,
    RouterStatus,
    Status,
)
from mnclient.runtime.message_log import MessageLog
from mnclient.units import Instant, Seconds
from tests.service.fake_guests import FakeGuests
from tests.service.fake_keys import FakeKeys

HOME = IPv6Network("2001:db8:1::/64")
HOME_AGENT = IPv6Address("2001:db8:1::1")
ADDRESS = IPv6Address("2001:db8:1::10")
PROPOSED = IPv6Address("2001:db8:1::20")
CARE_OF = IPv6Address("2001:db8:2::10")
ROUTER = IPv6Address("fe80::1")
BOOT_TIME = 1_790_000_000.0
NOW = Instant(1000.0)

HANDOVER = Handover(
    number=1,
    home_address=ADDRESS,
    from_network="home",
    to_network="2001:db8:2::/64",
    interface="wlan0",
    started=Instant(900.0),
    stages=(
        (Stage.LINK_DOWN, Instant(900.0)),
        (Stage.LINK_UP, Instant(900.1)),
        (Stage.ROUTER_HEARD, Instant(900.12)),
        (Stage.BINDING_UPDATE, Instant(900.121)),
        (Stage.BINDING_ACKNOWLEDGED, Instant(900.14)),
    ),
    outcome=Outcome.COMPLETED,
)

ENGINE = Status(
    now=NOW,
    phase=Phase.REGISTERED,
    home_addresses=(
        HomeAddressStatus(
            address=ADDRESS,
            prefix=HOME,
            home_agent=HOME_AGENT,
            state=HomeAddressState.REGISTERED,
            preferred=True,
            care_of_address=CARE_OF,
            interface="wlan0",
            registered=True,
            registered_until=Instant(1600.0),
            last_status=0,
        ),
    ),
    interfaces=(
        InterfaceStatus(
            name="wlan0",
            priority=100,
            enabled=True,
            is_up=True,
            is_active=True,
            care_of_address=CARE_OF,
            routers=(
                RouterStatus(
                    address=ROUTER,
                    link_layer_address=bytes.fromhex("020000000001"),
                    lifetime_until=Instant(2800.0),
                    prefixes=(IPv6Network("2001:db8:2::/64"),),
                    is_home_agent=False,
                    is_current=True,
                ),
            ),
        ),
        InterfaceStatus(name="eth0", priority=50, enabled=True, is_up=False),
    ),
    binding_update_list=(
        BindingUpdateStatus(
            destination=HOME_AGENT,
            home_address=ADDRESS,
            care_of_address=CARE_OF,
            sequence=7,
            lifetime=Seconds(600.0),
            expires=Instant(1600.0),
            acknowledged=True,
            home_registration=True,
        ),
    ),
    problems=(Problem(code=ProblemCode.UNPROTECTED_SIGNALLING, subject=str(HOME_AGENT), since=Instant(900.0)),),
    counters={"binding_updates_sent": 7},
)

AWAY = ServiceStatus(
    version="0.1.0",
    boot_time=BOOT_TIME,
    datapath=Datapath(name="portable", reason="kernel lacks ip6_tunnel"),
    route_optimization=Datapath(name="none", reason="kernel lacks ip6_tunnel"),
    engine=ENGINE,
    home_addresses=(
        ManagedHomeAddress(
            address=ADDRESS, prefix=HOME, home_agent=HOME_AGENT, origin=Origin.LEARNED, preferred=True, active=True
        ),
    ),
    keys=(
        KeyInfo(
            home_address=ADDRESS,
            home_agent=HOME_AGENT,
            kind=KeyKind.RFC4285,
            algorithm="hmac-sha1-96",
            spi_in=1000,
            spi_out=1001,
            owner=KeyOwner.USER,
            created_time=BOOT_TIME + 800.0,
            available=False,
        ),
    ),
    known_home_agents=(
        KnownHomeAgent(
            address=HOME_AGENT,
            prefix=HOME,
            origin=Origin.LEARNED,
            link_layer_address=bytes.fromhex("020000000099"),
            interface="wlan0",
            advertisements=12,
            last_heard_time=BOOT_TIME + 890.0,
            rank=0.75,
        ),
    ),
    proposals=(
        Proposal(
            address=PROPOSED,
            prefix=HOME,
            home_agent=HOME_AGENT,
            interface="wlan0",
            reason="from the hardware address of wlan0",
            proposed_time=BOOT_TIME + 880.0,
        ),
    ),
    handovers=(HANDOVER,),
)

CORRESPONDENT = IPv6Address("2001:db8:c::80")
SILENT = IPv6Address("2001:db8:c::81")
DIRECT = CorrespondentStatus(
    address=CORRESPONDENT,
    home_address=ADDRESS,
    state=CorrespondentState.DIRECT,
    care_of_address=CARE_OF,
    expires=Instant(1300.0),
    reason="it knows the care-of address",
)
UNRESPONSIVE = CorrespondentStatus(
    address=SILENT,
    home_address=ADDRESS,
    state=CorrespondentState.UNRESPONSIVE,
    retry=Instant(1200.0),
    reason="no answer to return routability",
)

SERVING = replace(
    AWAY,
    route_optimization=Datapath(name="kernel", reason=""),
    engine=replace(
        ENGINE,
        home_addresses=(replace(ENGINE.home_addresses[0], verified=True, verified_at=Instant(950.0)),),
        interfaces=(
            replace(ENGINE.interfaces[0], reaches_home_agent=True),
            replace(ENGINE.interfaces[1], is_up=True, is_standby=True, reaches_home_agent=False),
        ),
        correspondents=(DIRECT, UNRESPONSIVE),
        correspondent_node=CorrespondentNodeStatus(bindings=2, max_bindings=1000),
        home_agent=HomeAgentStatus(
            links=(HomeLinkStatus(prefix=HOME, address=HOME_AGENT, interface="", is_up=True, bindings=3),),
            bindings=3,
            max_bindings=20_000,
        ),
    ),
)


def with_engine(status=AWAY, **changes):
    return replace(status, engine=replace(status.engine, **changes))


def with_address(**changes):
    return with_engine(home_addresses=(replace(AWAY.engine.home_addresses[0], **changes),))


def bindings(count: int) -> tuple[BindingCacheStatus, ...]:
    return tuple(
        BindingCacheStatus(
            home_address=HOME[number + 16],
            care_of_address=IPv6Network("2001:db8:2::/64")[number + 16],
            sequence=number,
            lifetime=Seconds(600.0),
            expires=Instant(1600.0),
            home_registration=True,
        )
        for number in range(count)
    )


class FakeCore:
    """`calls` is what it was asked to change; `refusal` is raised instead, while it is set."""

    def __init__(self, status: ServiceStatus = AWAY) -> None:
        self.value = status
        self.cache = bindings(3)
        self.calls: list[tuple[Any, ...]] = []
        self.refusal: Exception | None = None
        self.message_log = MessageLog()
        self.values: dict[str, object] = {
            "mobile_node.enabled": True,
            "mobile_node.route_optimization.location_privacy": True,
            "mobile_node.route_optimization.use": "always",
            "mobile_node.route_optimization.correspondents": [{"prefix": "2001:db8:c::/48", "allow": False}],
            "correspondent_node.enabled": False,
            "mobile_node.interfaces": [],
            "mobile_node.access_identifiers": [],
            "network.datapath": "auto",
            "autoconfiguration.max_home_addresses": 2,
            "home_agent.max_lifetime": 3600.0,
        }
        self.trials: dict[IPv6Address, str] = {}
        self.tried: list[str] = []  # who has tried something else than an address
        self.left: list[str] = []
        self.keys = FakeKeys(self._note)
        self.guests = FakeGuests(self._note)
        self._subscribers: list[Callable[[Any], None]] = []

    # --- what a test does ---

    def change(self, status: ServiceStatus) -> None:
        self.value = status
        self.tell()

    def tell(self, change: Any = "a change") -> None:
        for callback in list(self._subscribers):
            callback(change)

    @property
    def is_watched(self) -> bool:
        return bool(self._subscribers)

    # --- what the bus side uses ---

    def status(self) -> ServiceStatus:
        return self.value

    def binding_cache(self) -> tuple[BindingCacheStatus, ...]:
        return self.cache

    def clear_bindings(self, which: BindingFilter) -> int:
        """Note it, and forget them."""
        self._note("clear_bindings", which)
        found = sum(map(which.matches, self.cache))
        self.cache = tuple(each for each in self.cache if not which.matches(each))
        return found

    def handovers(self) -> tuple[Handover, ...]:
        return self.value.handovers

    def counters(self) -> dict[str, int]:
        return {"payload.received.octets": 1 << 40, "payload.sent.octets": 0}

    def suggestions(self, home_agent: IPv6Address | None) -> tuple[Suggestion, ...]:
        if home_agent not in (None, HOME_AGENT):
            raise MobileIPv6Error(f"No home agent {home_agent} is known", hint="pick one of the list")
        made = Suggestion(address=PROPOSED, prefix=HOME, home_agent=HOME_AGENT, interface="wlan0", reason="EUI-64")
        return (made,)

    def settings(self) -> dict[str, object]:
        return dict(self.values)

    def setting(self, key: str) -> object:
        if key not in self.values:
            raise ConfigError("there is no such setting", key=key, accepted=", ".join(self.values))
        return self.values[key]

    def set_setting(self, key: str, value_text: str) -> None:
        self.setting(key)
        self._note("set_setting", key, value_text)

    def subscribe(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def add_home_address(self, address: IPv6Address, home_agent: IPv6Address | None, prefix_length: int = 64) -> None:
        self._note("add_home_address", address, home_agent, prefix_length)

    def remove_home_address(self, address: IPv6Address) -> None:
        self._note("remove_home_address", address)

    def prefer_home_address(self, address: IPv6Address) -> None:
        self._note("prefer_home_address", address)

    def accept_proposal(self, address: IPv6Address) -> None:
        self._note("accept_proposal", address)

    def dismiss_proposal(self, address: IPv6Address) -> None:
        self._note("dismiss_proposal", address)

    def add_home_agent(self, address: IPv6Address, prefix: IPv6Network, pinned: bool) -> None:
        self._note("add_home_agent", address, prefix, pinned)

    def accept_home_agent(self, address: IPv6Address) -> None:
        self._note("accept_home_agent", address)

    def remove_home_agent(self, address: IPv6Address) -> None:
        self._note("remove_home_agent", address)

    def set_interface_priority(self, name: str, priority: int) -> None:
        self._note("set_interface_priority", name, priority)

    def set_home_agent_link(
        self, prefix: IPv6Network, address: IPv6Address, interface: str | None, advertise: bool
    ) -> None:
        self._note("set_home_agent_link", prefix, address, interface, advertise)

    def remove_home_agent_link(self, prefix: IPv6Network) -> None:
        self._note("remove_home_agent_link", prefix)

    def reload(self) -> None:
        self._note("reload")

    def set_interface_order(self, names) -> None:
        self._note("set_interface_order", names)

    def try_home_address(self, address, home_agent, prefix_length, caller) -> None:
        self._note("try_home_address", address, home_agent, prefix_length)
        self.trials[address] = caller

    def keep_home_address(self, address, caller) -> None:
        self._note("keep_home_address", address)
        assert self.trials.pop(address, caller) == caller, "of this caller, or only a key of it is"

    def cancel_trial(self, address, caller) -> None:
        self._note("cancel_trial", address)
        if address is None:
            self.trials = {each: owner for each, owner in self.trials.items() if owner != caller}
        else:
            assert self.trials.pop(address) == caller

    def try_setting(self, key: str, value_text: str, caller: str) -> None:
        self.setting(key)
        self._note("try_setting", key, value_text)
        self.tried.append(caller)

    def try_interface_order(self, names, caller) -> None:
        self._note("try_interface_order", names)
        self.tried.append(caller)

    def caller_left(self, caller) -> None:
        self.left.append(caller)

    def _note(self, *call: Any) -> None:
        if self.refusal:
            raise self.refusal
        self.calls.append(call)
