# SPDX-License-Identifier: GPL-2.0-or-later
"""A node that touches no network, a clock that is turned by hand, and a machine on which services come and go."""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, IPv6Network

from mnclient.engine.actions import Action, ReportHomeAddress, ReportHomeAgent, ReportHomePrefix
from mnclient.model.config import NodeConfig
from mnclient.model.service_status import Datapath
from mnclient.model.status import HomeAddressState, InterfaceStatus, Phase, Status
from mnclient.model.stored_binding import Stored
from mnclient.runtime.message_log import MessageLog
from mnclient.units import Instant, Seconds
from service.autoconfiguration.suggestions import HostInterface
from service.core import ServiceCore

BOOT_TIME = 1_800_000_000.0
HARDWARE = HostInterface(
    name="eth0",
    link_layer_address=bytes.fromhex("02aabbccddee"),
    permanent_link_layer_address=bytes.fromhex("001122334455"),
    identifiers=(bytes.fromhex("0123456789abcdef"),),
)
PREFIX = IPv6Network("2001:db8:1::/64")
AGENT = IPv6Address("2001:db8:1::1")
EUI64 = IPv6Address("2001:db8:1::211:22ff:fe33:4455")


class FakeNode:
    """Implements service.node_protocol.Node."""

    def __init__(self, observer: Callable[[Action], None], *, datapath: str = "auto", start_error=None) -> None:
        self.observer = observer
        self.datapath_wish = datapath
        self.start_error = start_error
        self.resumptions = 0
        self.configs: list[NodeConfig] = []
        self.restored = None
        self.stored = Stored()
        self.elapsed = 0.0
        self.is_running = False
        self.failure = asyncio.Event()
        self.message_log = MessageLog()

    async def start(self, config, stored):
        if self.start_error:
            raise self.start_error
        self.configs.append(config)
        self.restored = stored
        self.is_running = True

    def configure(self, config):
        assert self.is_running
        self.configs.append(config)

    @property
    def config(self):
        return self.configs[-1]

    @property
    def home_addresses(self):
        return [str(each.address) for each in self.config.mobile_node.home_addresses]

    def status(self):
        interface = InterfaceStatus(
            name="eth0", priority=100, enabled=True, is_up=True, care_of_address=IPv6Address("2001:db8:f::5")
        )
        return Status(now=self.now(), phase=Phase.NO_HOME_ADDRESS, interfaces=(interface,))

    bindings = ()

    def binding_cache(self):
        return self.bindings

    def dismiss_bindings(self, which):
        self.dismissed = which

    def handovers(self):
        return ()

    def counters(self):
        return {"payload.sent.octets": 5}

    def snapshot(self):
        return self.stored if self.is_running else Stored()

    @property
    def datapath(self):
        return Datapath(name="portable", reason="a test")

    protections: tuple[str, ...] = ()

    @property
    def route_optimization(self):
        return Datapath(name="kernel", reason="a test")

    def resumed(self):
        self.resumptions += 1

    def now(self):
        return Instant(self.elapsed)

    def wall_clock(self):
        return BOOT_TIME + self.elapsed

    def boot_time(self):
        return BOOT_TIME

    async def failed(self):
        await self.failure.wait()
        return RuntimeError("a defect")

    async def stop(self):
        self.is_running = False

    def hear(self, address=AGENT, prefix=PREFIX, link_layer_address=b"\x02\x00\x00\x00\x00\x01", interface="eth0"):
        """A home agent's advertisement."""
        report = ReportHomeAgent(
            interface=interface,
            link_local_address=IPv6Address("fe80::1"),
            link_layer_address=link_layer_address,
            address=address,
            prefix=prefix,
            preference=0,
            lifetime=Seconds(1800.0),
        )
        self.observer(report)

    def advertise(self, home_address, prefix, home_agent=None):
        """The home agent of a home address advertised another prefix."""
        report = ReportHomePrefix(home_address=IPv6Address(home_address), prefix=prefix, home_agent=home_agent)
        self.observer(report)

    def report(self, home_address, state=HomeAddressState.REGISTERED):
        """The state of a home address changed."""
        self.observer(ReportHomeAddress(home_address=IPv6Address(home_address), home_agent=AGENT, state=state))


async def until(condition):
    """Wait for what another thread or a signal does; fails after ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)


async def bindings_on_disk(core):
    """Wait until the bindings that the node has told of are on disk."""
    await until(lambda: not (core._bindings_file.is_pending or core._bindings_file._writes))


async def turn():
    """Let what was put off to the next turn of the loop happen."""
    for _ in range(3):
        await asyncio.sleep(0)


class Machine:
    """A folder for settings and state in which services start, stop and crash."""

    def __init__(self, folder):
        self.settings = folder / "mnclient.toml"
        self.state = folder / "state"
        self.host = [HARDWARE]
        self.elapsed = 0.0
        self.node = None
        self.start_error = None

    def core(self):
        def factory(observer, *, datapath):
            self.node = FakeNode(observer, datapath=datapath, start_error=self.start_error)
            self.node.elapsed = self.elapsed
            return self.node

        return ServiceCore(
            self.settings,
            self.state,
            factory,
            host=lambda: tuple(self.host),
            wall_clock=lambda: self.node.wall_clock(),
        )

    @asynccontextmanager
    async def running(self, text=None, crash=False):
        if text is not None:
            self.settings.write_text(text)
        core = self.core()
        await core.start()
        yield core
        self.elapsed = self.node.elapsed
        if not crash:
            await core.stop()

    def stored(self):
        return json.loads((self.state / "state.json").read_text())


def heard_changes(core):
    changes = []
    core.subscribe(lambda change: changes.append(change.kind))
    return changes
