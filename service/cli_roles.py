# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of `mnctl` that show a role of this machine and switch it: home agent, correspondent node, and route
optimisation, which is a part of the mobile node."""

import argparse
from ipaddress import IPv6Network
from typing import Any, Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.config import OptimizationUse
from mnclient.model.service_status import OptimizationState, ServiceStatus
from service import cli_status
from service.cli_output import Output, yes_no
from service.cli_show import members, must_be_known, read, shown
from service.client import Client
from service.settings_schema import PRIVACY, PRIVACY_OFF

_HOME_AGENT: Final = "home_agent.enabled"
_CORRESPONDENT_NODE: Final = "correspondent_node.enabled"
_OPTIMIZATION: Final = "mobile_node.route_optimization"
_USE: Final = f"{_OPTIMIZATION}.use"
_POLICIES: Final = f"{_OPTIMIZATION}.correspondents"

_WITH: Final = {
    OptimizationUse.ALWAYS.value: "everybody, but those in this list with a no",
    OptimizationUse.ONLY_THESE.value: "nobody, but those in this list with a yes",
    OptimizationUse.NEVER.value: "nobody",
}


async def show_home_agent(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """The home-agent role and its links."""
    now = await read(client, output)
    role = now.engine.home_agent
    if output.as_json:
        output.json(boot_time=now.boot_time, enabled=role is not None, **(members(role) if role else {}))
        return
    if role is None:
        output.line("This machine is not a home agent. Make it one: mnctl home-agent enable --help")
        return
    output.line(f"This machine is a home agent: {role.bindings} of at most {role.max_bindings} bindings")
    rows = [
        [str(each.prefix), str(each.address), each.interface or "(virtual)", yes_no(each.is_up), str(each.bindings)]
        for each in role.links
    ]
    output.table(["home network", "own address", "interface", "up", "bindings"], rows, "It serves no home link.")
    if role.home_agents:
        output.line()
        output.line("Home agents heard on the home links")
        listed = [
            [str(each.link_local_address), ", ".join(map(str, each.addresses)), str(each.preference), each.interface]
            for each in role.home_agents
        ]
        output.table(["link-local address", "addresses", "preference", "on"], listed, "None.")


async def enable_home_agent(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Be a home agent, on the link given or on those of the settings."""
    if (arguments.prefix is None) != (arguments.address is None):
        raise MobileIPv6Error("A home link needs --prefix and --address", hint="give both, or neither")
    if arguments.prefix is None:
        if arguments.interface or arguments.advertise:
            raise MobileIPv6Error(
                "--interface and --advertise are about a link", hint="give --prefix and --address too"
            )
        await client.set_setting(_HOME_AGENT, "true")
        output.done("This machine is a home agent for the links of its settings")
        return
    if arguments.advertise and not arguments.interface:
        raise MobileIPv6Error(
            "A virtual link has nobody to advertise to", hint="leave --advertise out, or give --interface"
        )
    await client.set_home_agent_link(arguments.prefix, arguments.address, arguments.interface, arguments.advertise)
    where = f"on {arguments.interface}" if arguments.interface else "on a virtual link"
    output.done(f"This machine is the home agent {arguments.address} for {arguments.prefix} {where}")


async def disable_home_agent(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Stop being a home agent, or stop serving one home link."""
    if arguments.prefix is not None:
        role = (await client.status()).engine.home_agent
        must_be_known(arguments.prefix, [link.prefix for link in role.links] if role else [], "home link")
        await client.remove_home_agent_link(arguments.prefix)
        output.done(f"The home network {arguments.prefix} is not served any more")
        return
    await client.set_setting(_HOME_AGENT, "false")
    output.done("This machine is not a home agent any more; its bindings are gone")


async def show_correspondent_node(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """The correspondent-node role."""
    now = await read(client, output)
    role = now.engine.correspondent_node
    if output.as_json:
        output.json(boot_time=now.boot_time, enabled=role is not None, **(members(role) if role else {}))
        return
    if role is None:
        output.line("This machine is not a correspondent node. Make it one: mnctl correspondent-node enable")
        return
    output.line(f"This machine is a {cli_status.describe_correspondent_node(role)}. See them: mnctl bindings")


async def enable_correspondent_node(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """Let mobile nodes exchange packets with this machine directly."""
    await client.set_setting(_CORRESPONDENT_NODE, "true")
    sentence = "Mobile nodes may exchange packets with this machine directly"
    output.done(sentence, *_impossible(await client.status()))


async def disable_correspondent_node(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """Mobile nodes reach this machine through their home agents only."""
    await client.set_setting(_CORRESPONDENT_NODE, "false")
    output.done("This machine is not a correspondent node any more; its bindings are gone")


async def show_route_optimization(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """Whether packets go directly to correspondents, with whom, and what it costs."""
    now = await read(client, output)
    state, reason = now.optimization()
    private, use, policies = [await client.setting(key) for key in (PRIVACY, _USE, _POLICIES)]
    if output.as_json:
        facts = {"location_privacy": private, "use": use, "policies": policies}
        output.json(boot_time=now.boot_time, state=state.value, reason=reason, **facts)
        return
    output.line(f"Route optimisation: {cli_status.describe_optimization(now)}")
    output.line(f"Location privacy: {'on' if private else 'off'}. {PRIVACY_OFF}")
    output.line(f"Packets may go directly to: {_WITH.get(str(use), use)}")
    rows: list[Any] = policies if isinstance(policies, list) else []
    listed = [[str(each["prefix"]), yes_no(each["allow"])] for each in rows]
    if listed:
        output.line()
        output.table(["correspondents in", "directly"], listed, "")
    if state is OptimizationState.OFF:
        output.line()
        output.line("Switch it on: mnctl route-optimization enable")


async def enable_route_optimization(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Give location privacy up, after the wish with whom is in force: nobody is told too early."""
    if arguments.only_these is not None:
        await _allow(client, arguments.only_these)
        await client.set_setting(_USE, OptimizationUse.ONLY_THESE.value)
    elif arguments.always or await client.setting(_USE) == OptimizationUse.NEVER.value:
        await client.set_setting(_USE, OptimizationUse.ALWAYS.value)
    await client.set_setting(PRIVACY, "false")
    now = await client.status()
    output.done("Route optimisation is wanted", PRIVACY_OFF.rstrip("."), *_off(now), *_impossible(now))


async def _allow(client: Client, prefixes: list[IPv6Network]) -> None:
    """These stand in the list with a yes; the others stay as they are."""
    listed = await client.setting(_POLICIES)
    rows: list[Any] = listed if isinstance(listed, list) else []
    kept = [row for row in rows if IPv6Network(row["prefix"]) not in prefixes]
    allowed: list[Any] = [{"prefix": str(prefix), "allow": True} for prefix in dict.fromkeys(prefixes)]
    if prefixes:
        await client.set_setting(_POLICIES, shown([*kept, *allowed]))


async def disable_route_optimization(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """Back to location privacy."""
    await client.set_setting(PRIVACY, "true")
    output.done("Route optimisation is off: nobody is told where this machine is, packets go through the home agent")


def _off(now: ServiceStatus) -> list[str]:
    reason = now.route_optimization_off
    return [f"It has no effect yet: {reason}"] if reason else []


def _impossible(now: ServiceStatus) -> list[str]:
    state, reason = now.optimization()
    return [f"But this machine cannot: {reason}"] if state is OptimizationState.IMPOSSIBLE else []
