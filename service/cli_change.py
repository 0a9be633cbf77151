# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of `mnctl` that change something: each says in a sentence what it did."""

import argparse
import os
from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from service import inspector_text
from service.cli_output import Output
from service.cli_show import existing_setting, must_be_known
from service.client import Client, ServiceUnavailable
from service.contract import NotAllowed, UnknownThing
from service.inspector import inspect
from service.settings_schema import BY_KEY, PRIVACY, PRIVACY_OFF

CAP_NET_ADMIN: Final = 12  # linux/capability.h
Change = Callable[[Client, IPv6Address], Awaitable[None]]


async def add_home_agent(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Know a home agent that was not heard."""
    await client.add_home_agent(arguments.address, arguments.prefix, arguments.pin)
    output.done(f"Home agent {arguments.address} is known for {arguments.prefix}")


async def accept_home_agent(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Believe that a home agent has changed."""
    known = [each.address for each in (await client.status()).known_home_agents]
    must_be_known(arguments.address, known, "home agent")
    await client.accept_home_agent(arguments.address)
    output.done(f"Home agent {arguments.address} is believed as it is now")


async def remove_home_agent(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Forget a home agent."""
    known = [each.address for each in (await client.status()).known_home_agents]
    must_be_known(arguments.address, known, "home agent")
    await client.remove_home_agent(arguments.address)
    output.done(f"Home agent {arguments.address} is forgotten")


async def add_home_address(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Keep a home address."""
    await client.add_home_address(arguments.address, arguments.home_agent, arguments.prefix_length)
    output.done(f"Home address {arguments.address} is kept; see: mnctl status")


async def remove_home_address(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Give a home address up."""
    must_be_known(arguments.address, _kept(await client.status()), "home address")
    await client.remove_home_address(arguments.address)
    output.done(f"Home address {arguments.address} is given up")


async def prefer_home_address(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Use it for new connections."""
    must_be_known(arguments.address, _kept(await client.status()), "home address")
    await client.prefer_home_address(arguments.address)
    output.done(f"New connections use {arguments.address}")


async def accept_proposal(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Take a proposed home address into use."""
    must_be_known(arguments.address, _proposed(await client.status()), "proposed home address")
    await client.accept_proposal(arguments.address)
    output.done(f"Home address {arguments.address} is taken into use; see: mnctl status")


async def dismiss_proposal(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Never propose it again."""
    must_be_known(arguments.address, _proposed(await client.status()), "proposed home address")
    await client.dismiss_proposal(arguments.address)
    output.done(f"Home address {arguments.address} is not proposed again")


async def set_interface_priority(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Say how much an interface is preferred."""
    known = [each.name for each in (await client.status()).engine.interfaces]
    must_be_known(arguments.name, known, "interface")
    await client.set_interface_priority(arguments.name, arguments.priority)
    output.done(f"Interface {arguments.name} has priority {arguments.priority}")


async def set_interface_order(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Say in which order interfaces are preferred."""
    await client.set_interface_order(arguments.names)
    output.done(f"Preferred first to last: {', '.join(arguments.names)}")


async def set_setting(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Change one setting."""
    await existing_setting(client, arguments.key)
    await client.set_setting(arguments.key, arguments.value)
    sentence = f"{arguments.key} is set to {arguments.value}"
    declared = BY_KEY.get(arguments.key)
    if declared is not None and declared.needs_restart:
        how = "It takes effect when the service is started again: systemctl restart mnclientd"
        output.done(sentence, how, restart_needed=True)
    elif arguments.key == PRIVACY and await client.setting(PRIVACY) is False:
        output.done(sentence, PRIVACY_OFF.rstrip("."))
    else:
        output.done(sentence)


async def reset_network(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Remove what a crashed service left behind; not while one is at work here."""
    if not _may_change_the_network():
        raise NotAllowed("Only root can change the network", hint="do it as root: sudo mnctl reset-network")
    if not arguments.force and await _service_is_here(client):
        raise MobileIPv6Error(
            "A service is running here, and what is in the network is its work",
            hint="stop it first (systemctl stop mnclientd), or add --force: it then sets things up again by itself",
        )
    from mnclient.network.cleanup import sweep  # pulls in netlink, which no other command needs

    removed = await sweep()
    if output.as_json:
        output.json(removed=removed)
        return
    for each in removed:
        output.line(f"removed {each}")
    if not removed:
        output.line("There was nothing of ours left in the network.")


def _may_change_the_network() -> bool:
    """Root, or the user of the service with the capability that systemd gave it."""
    if os.geteuid() == 0:
        return True
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    return bool(effective >> CAP_NET_ADMIN & 1)


async def _service_is_here(client: Client) -> bool:
    """Whether the service on the bus, if any, works in this network namespace."""
    try:
        process = await client.service_process()
    except ServiceUnavailable:
        return False
    return _in_this_network(process)


def _in_this_network(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    except OSError:
        return True  # it cannot be told apart; the careful answer


async def decode(_client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """The signalling in a packet capture."""
    for message in inspect(_existing(arguments.file)):
        if output.as_json:
            output.json(**inspector_text.members(message))
        else:
            output.line(inspector_text.line(message))


def _existing(name: str) -> Path:
    path = Path(name)
    if not os.path.isfile(path):  # noqa: PTH113 - unlike Path.is_file it never raises
        raise UnknownThing(f"There is no file {name}", hint="give a capture written by tcpdump or wireshark")
    return path


def _kept(status: ServiceStatus) -> list[Any]:
    return [each.address for each in status.home_addresses]


def _proposed(status: ServiceStatus) -> list[Any]:
    return [each.address for each in status.proposals]
