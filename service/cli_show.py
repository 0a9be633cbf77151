# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of `mnctl` that only look: each takes the client, the arguments and where to print."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from mnclient.errors import ConfigError
from mnclient.model.problems import Problem
from mnclient.model.service_status import ServiceStatus
from mnclient.model.settings_description import SettingDescription
from mnclient.units import Seconds
from service import cli_news, cli_status
from service.cli_output import Output, duration, yes_no
from service.client import Client, ServiceUnavailable
from service.codec import Plain, to_plain
from service.contract import Permission, UnknownThing
from service.settings_schema import BY_KEY


async def read(client: Client, output: Output) -> ServiceStatus:
    """The status; from here on `output` knows what the service's clock means."""
    status = await client.status()
    output.boot_time = status.boot_time
    return status


async def status(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """The human question first, then how."""
    now = await read(client, output)
    if output.as_json:
        output.json(**members(now))
        return
    output.line(cli_status.headline(now, output))
    output.line()
    details = cli_status.details(now, output)
    width = max(len(label) for label, _ in details)
    for label, text in details:
        output.line(f"  {label:<{width}}  {text}".rstrip())


async def watch(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """A line per change, for ever; the service may go and come back meanwhile."""
    before: ServiceStatus | None = None
    while True:
        try:
            async for now in client.watch():
                output.boot_time = now.boot_time
                _tell(before, now, output)
                before = now
        except ServiceUnavailable as error:
            if before is None:
                raise
            before = None
            if output.as_json:
                output.json(error=members(error_members(error)))
            else:
                output.line(f"{output.clock(output.now)}  The service has stopped; waiting for it to come back")
            await client.wait_for_service()


def _tell(before: ServiceStatus | None, now: ServiceStatus, output: Output) -> None:
    if output.as_json:
        output.json(**members(now))
        return
    told = [cli_status.headline(now, output)] if before is None else cli_news.changes(before, now, output)
    for sentence in told:
        output.line(f"{output.clock(output.now)}  {sentence}")


async def home_agents(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """The list of at most 32, the best first."""
    now = await read(client, output)
    known = sorted(now.known_home_agents, key=lambda each: -each.rank)
    if output.as_json:
        output.json(boot_time=now.boot_time, home_agents=known)
        return
    rows = [
        [
            str(each.address),
            str(each.prefix),
            f"{each.rank:.2f}",
            str(each.advertisements),
            "never" if each.last_heard_time is None else output.ago(each.last_heard_time),
            each.interface or "-",
            each.origin.value + (", pinned" if each.pinned else ""),
            each.trust.value,
        ]
        for each in known
    ]
    headings = ["address", "home network", "rank", "heard", "last heard", "on", "origin", "trust"]
    output.table(headings, rows, "No home agent is known. They are heard by themselves, or: mnctl home-agents add")


async def home_addresses(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """The home addresses kept, and those proposed."""
    now = await read(client, output)
    states = {each.address: each for each in now.engine.home_addresses}
    if output.as_json:
        merged = [{**members(each), "status": states.get(each.address)} for each in now.home_addresses]
        listed = [{key: value for key, value in each.items() if value is not None} for each in merged]
        output.json(boot_time=now.boot_time, home_addresses=listed, proposals=now.proposals)
        return
    rows = [
        [
            str(each.address),
            str(each.home_agent or "-"),
            cli_status.describe_home_address(states[each.address], output) if each.address in states else "off",
            each.origin.value + (", on trial" if each.trial else ""),
            yes_no(each.preferred),
        ]
        for each in now.home_addresses
    ]
    rows += [[str(each.address), str(each.home_agent), "proposed: " + each.reason, "-", "-"] for each in now.proposals]
    headings = ["address", "home agent", "state", "origin", "preferred"]
    output.table(headings, rows, "There is no home address. See what could be had: mnctl home-addresses suggest")


async def suggest(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Home addresses that could be added."""
    known = [each.address for each in (await client.status()).known_home_agents]
    if arguments.home_agent:
        must_be_known(arguments.home_agent, known, "home agent")
    made = await client.suggestions(arguments.home_agent)
    if output.as_json:
        output.json(suggestions=made)
        return
    rows = [[str(each.address), str(each.home_agent), each.interface, each.reason] for each in made]
    if known:
        empty = "Nothing to suggest: no network interface has an identifier to make an address from."
    else:
        empty = "Nothing to suggest: no home agent is known. Add one: mnctl home-agents add"
    output.table(["address", "home agent", "interface", "why"], rows, empty)


async def interfaces(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """The interfaces the mobile node may use, the preferred first."""
    now = await read(client, output)
    known = sorted(now.engine.interfaces, key=lambda each: each.priority)
    if output.as_json:
        output.json(boot_time=now.boot_time, interfaces=known)
        return
    rows = [
        [
            each.name,
            str(each.priority),
            "disabled" if not each.enabled else "up" if each.is_up else "down",
            "at home" if each.is_home else "away" if each.routers else "-",
            "standby" if each.is_standby else yes_no(each.is_active),
            {True: "answers", False: "NO ANSWER", None: "-"}[each.reaches_home_agent],
            str(each.care_of_address or "-"),
            ", ".join(str(router.address) for router in each.routers) or "-",
        ]
        for each in known
    ]
    headings = ["interface", "priority", "state", "place", "in use", "home agent", "care-of address", "routers"]
    output.table(headings, rows, "No network interface can be used.")


async def handovers(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """The last moves, the newest last, with the time from the start of each to its stages."""
    output.boot_time = (await client.status()).boot_time
    moves = await client.handovers()
    moves = moves[max(0, len(moves) - arguments.limit) :]
    if output.as_json:
        listed: list[Plain] = []
        for each in moves:
            offsets = {stage.value: round(offset, 6) for stage, offset in each.offsets().items()}
            listed.append(to_plain({**members(each), "offsets": offsets}))
        output.json(boot_time=output.boot_time, handovers=listed)
        return
    rows = []
    for each in moves:
        stages = ", ".join(f"{cli_status.STAGES[stage]} {duration(offset)}" for stage, offset in each.offsets().items())
        took = each.duration()
        rows.append(
            [
                output.clock_of(each.started),
                str(each.home_address),
                each.from_network or "-",
                each.to_network or "-",
                each.outcome.value + (f" in {duration(took)}" if took is not None else ""),
                stages,
            ]
        )
    output.table(["when", "home address", "from", "to", "outcome", "stages"], rows, "This machine has not moved yet.")


async def settings(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """Every setting in force."""
    known = await client.settings()
    if output.as_json:
        output.json(settings=known)
        return
    rows = [[key, shown(value), *_declared(key)] for key, value in known.items()]
    output.table(["setting", "value", "default", "accepted", "meaning"], rows, "There are no settings.")
    output.line()
    output.line("Lists (show one: mnctl settings get KEY)")
    lists = [[each.key, each.accepted, each.description] for each in BY_KEY.values() if not each.is_scalar]
    output.table(["setting", "accepted", "meaning"], lists, "None.")


async def setting(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """One setting."""
    value = await existing_setting(client, arguments.key)
    if output.as_json:
        output.json(key=arguments.key, value=value)
    else:
        output.line(shown(value))


async def describe_settings(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """What settings may be; of one, in full."""
    known = await client.settings_schema()
    if arguments.key:
        must_be_known(arguments.key, [each.key for each in known], "setting")
    chosen = [each for each in known if arguments.key in (None, each.key)]
    if output.as_json:
        output.json(settings=chosen)
        return
    for each in chosen:
        output.line(each.key)
        _describe(each, output, "  ")


def _describe(setting: SettingDescription, output: Output, indent: str) -> None:
    output.line(f"{indent}{setting.description}")
    output.line(f"{indent}Accepted: {setting.accepted}")
    default: Any = setting.default
    if default not in (None, [], ""):
        output.line(f"{indent}Default: {shown(default)}")
    if setting.needs_admin:
        output.line(f"{indent}Only an administrator can change it")
    if setting.needs_restart:
        output.line(f"{indent}It takes effect when the service is started again")
    for each in setting.fields:
        output.line(f"{indent}- {each.key}{', required' if each.required else ''}")
        _describe(each, output, indent + "    ")


async def permissions(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """What this person may do."""
    known = await client.permissions()
    if output.as_json:
        output.json(permissions={action.value: permission for action, permission in known.items()})
        return
    words = {Permission.YES: "yes", Permission.PASSWORD: "with a password", Permission.NO: "no"}
    rows = [[action.value, words[permission]] for action, permission in known.items()]
    output.table(["action", "allowed"], rows, "There is nothing that needs a permission.")


async def problems(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """What is wrong, and what to do about it."""
    now = await read(client, output)
    known = list(now.engine.problems) if arguments.all else cli_status.visible_problems(now)
    if output.as_json:
        visible = {id(each) for each in cli_status.visible_problems(now)}
        listed = [{**_problem(each), "visible": id(each) in visible} for each in known]
        output.json(boot_time=now.boot_time, problems=listed)
        return
    if not known:
        output.line("No problems.")
    for each in known:
        output.line(f"{each.declaration.severity.value}: {each.declaration.title}")
        output.line(f"  {each.text()}")
        output.line(f"  What to do: {each.remedy()}")
        output.line(f"  Since {output.clock_of(each.since)}")


def _declared(key: str) -> list[str]:
    """Default, accepted values and meaning; of a setting that only a newer service has, nothing is known."""
    declared = BY_KEY.get(key)
    if declared is None:
        return ["", "", ""]
    default: Any = declared.default
    return [shown(default), declared.accepted, declared.description]


def _problem(problem: Problem) -> dict[str, object]:
    declared = problem.declaration
    words = {"title": declared.title, "text": problem.text(), "remedy": problem.remedy()}
    return {**members(problem), "severity": declared.severity, **words}


async def existing_setting(client: Client, key: str) -> Plain:
    """The value of a setting; UnknownThing, which lists the known ones, when there is none of this name."""
    try:
        return await client.setting(key)
    except ConfigError as error:
        near = error.title.partition("did you mean ")[2].rstrip("?")
        known = [*await client.settings(), *(each.key for each in BY_KEY.values() if not each.is_scalar)]
        hint = f"perhaps {near}; known: {', '.join(known)}" if near else f"known: {', '.join(known)}"
        raise UnknownThing(f"There is no setting {key}", hint=hint) from None


def shown(value: Plain) -> str:
    """A setting as it may be typed for `mnctl settings set`: a list as in the settings file, text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Seconds(value):g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_inside(each) for each in value)}]"
    return "" if value is None else str(value)


def _inside(value: Plain) -> str:
    """A value inside a list, as TOML writes it."""
    if isinstance(value, dict):
        members = ", ".join(f"{key} = {_inside(each)}" for key, each in value.items())
        return f"{{ {members} }}" if members else "{}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else shown(value)


def must_be_known(thing: object, known: list[Any], what: str) -> None:
    """UnknownThing, which lists the known ones, unless `thing` is one of them."""
    if thing not in known:
        listed = ", ".join(map(str, known))
        raise UnknownThing(f"There is no {what} {thing}", hint=f"known: {listed}" if listed else "there is none at all")


def error_members(error: Exception) -> Mapping[str, object]:
    """An error, as JSON shows it."""
    return {"title": getattr(error, "title", str(error)), "hint": getattr(error, "hint", "")}


def members(value: object) -> dict[str, Any]:
    """A dataclass, as JSON shows it."""
    plain = to_plain(value)
    return plain if isinstance(plain, dict) else {}
