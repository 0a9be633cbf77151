# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of `mnctl`: commands, arguments and their help. The man page and the shell completions come from here."""

import argparse
from functools import partial
from typing import Any, Final

from mnclient.model.keys import KeyKind, KeyOwner
from service.cli_parser_doctor import add_doctor
from service.cli_parser_guests import add_export, add_guests, add_rotation
from service.cli_parser_installation import add_installation
from service.cli_parser_roles import add_roles
from service.cli_words import (
    ADDRESS,
    NETWORK,
    PROGRAM,
    Adder,
    a_count,
    a_network_or_address,
    a_priority,
    an_spi,
    argument,
    seconds,
)
from service.interfaces import arguments
from service.message_filter import ABBREVIATIONS

SHELLS: Final = ("bash", "zsh", "fish", "tcsh")
DESCRIPTION: Final = "See and control Mobile IPv6: the home address that stays the same on every network."
EPILOG: Final = """\
exit status:
  0  done
  1  refused or failed
  2  the command line cannot be understood
  3  there is no service to talk to
  4  no permission
  5  there is no such address, interface, setting or file
  130  interrupted with Ctrl-C

examples:
  mnctl status                         am I reachable, and how?
  mnctl watch                          a line for everything that happens
  mnctl home-addresses suggest         which home addresses could I have?
  mnctl home-addresses add 2001:db8:1::10 --home-agent 2001:db8:1::1
  mnctl home-addresses try 2001:db8:1::10 --keep
  mnctl settings set autoconfiguration.ask_first false
  mnctl route-optimization enable      the short way, and what it tells others
  mnctl --json status | jq .engine.phase
  mnctl messages --follow BU BA        what do I and my home agent say to each other?
  mnctl decode capture.pcap            what did the two ends say to each other?
  mnctl doctor                         what is wrong, also when nothing runs?
"""


def parser(width: int | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line. `command` is a tuple of words like ("home-agents", "add").

    `width` of the help in columns; None for that of the terminal.
    """
    formatter: Any = partial(argparse.RawDescriptionHelpFormatter, max_help_position=26, width=width)
    top = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, epilog=EPILOG, formatter_class=formatter, allow_abbrev=False
    )
    common = _common()
    for group in (top, common):
        _add_common(group, argparse.SUPPRESS if group is common else None)
    top.add_argument("--version", action="store_true", help="print the version and end")
    top.add_argument("--print-completion", choices=SHELLS, metavar="SHELL", help=f"completion for {', '.join(SHELLS)}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    adder = Adder(commands, common, formatter)
    _reading(adder)
    _home_agents(adder)
    _home_addresses(adder)
    _interfaces(adder)
    _settings(adder)
    _keys(adder)
    add_roles(adder)
    add_guests(adder)
    _tools(adder)
    add_doctor(adder)
    return top


def _common() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(add_help=False, allow_abbrev=False)


def _add_common(group: argparse.ArgumentParser, default: Any) -> None:
    bus = "the bus of the service: system, session or an address (default: MNCLIENT_BUS, else system)"
    group.add_argument("--bus", metavar="ADDRESS", default=default, help=bus)
    group.add_argument(
        "--json",
        action="store_true",
        default=False if default is None else default,
        help="print JSON, with the field names of docs/json.md",
    )


def _reading(adder: Adder) -> None:
    adder.command("status", "say whether this machine is reachable, and how", ["status", "status --json"])
    adder.command("watch", "print a line for every change, until interrupted", ["watch", "watch --json"])
    _bindings(adder)
    text = "list whom this machine talks to directly, whom not, and why"
    adder.command("correspondents", text, ["correspondents", "correspondents --json"])
    handovers = adder.command("handovers", "list the last moves and how long each took", ["handovers --limit 5"])
    handovers.add_argument("--limit", type=a_count, default=20, help="at most this many, the newest (default: 20)")
    _messages(adder)
    adder.command("counters", "list what was sent, received, carried and refused, as numbers", ["counters --json"])
    problems = adder.command("problems", "list what is wrong, and what to do about it", ["problems"])
    adder.command("permissions", "list what you may do, and what only with a password", ["permissions"])
    problems.add_argument("--all", action="store_true", help="also those too young to be shown")


def _bindings(adder: Adder) -> None:
    examples = [
        "bindings",
        "bindings --matching 2001:db8:1::/64 --limit 20",
        "bindings clear --care-of-addresses 2001:db8:2::/64",
    ]
    text = "list what this machine told others (binding update list) and what others told it (binding cache)"
    group = adder.group("bindings", text, examples)
    assert group.parser is not None
    group.parser.add_argument(
        "--limit", type=a_count, default=100, help="at most this many of the cache (default: 100)"
    )
    group.parser.add_argument("--offset", type=a_count, default=0, help="leave out the first ones of the cache")
    clear = group.command(
        "clear",
        "end bindings of the cache; who is still away may register again (see mnctl access)",
        ["bindings clear --matching 2001:db8:1::10", "bindings clear --interface lan0", "bindings clear --all"],
    )
    clear.add_argument("--all", action="store_true", help="all of them")
    for command in (group.parser, clear):
        command.add_argument(
            "--matching",
            type=a_network_or_address,
            default=argparse.SUPPRESS,
            metavar="PREFIX",
            help="only those with an address in this prefix, or this address",
        )
        for name, what in (("home", "home address"), ("care-of", "care-of address")):
            command.add_argument(
                f"--{name}-addresses",
                type=a_network_or_address,
                default=argparse.SUPPRESS,
                metavar="PREFIX",
                help=f"only those with a {what} in this prefix",
            )
        command.add_argument(
            "--interface",
            dest="on_interface",
            default=argparse.SUPPRESS,
            metavar="NAME",
            help="only those of home links on this interface, or of correspondents that came in there",
        )


def _messages(adder: Adder) -> None:
    examples = ["messages", "messages --follow BU BA", "messages --save log.pcap 2001:db8:1::10", "messages malformed"]
    messages = adder.command(
        "messages", "print the last signalling this machine sent and heard, one line each", examples
    )
    names = ", ".join(ABBREVIATIONS)
    messages.add_argument(
        "filter",
        nargs="*",
        metavar="FILTER",
        help=f"only these: a message ({names}, or its whole name), in, out, malformed, an address, a prefix",
    )
    messages.add_argument("--follow", action="store_true", help="go on with those that come, until interrupted")
    messages.add_argument("--save", dest="file", metavar="FILE", help="write them to a pcap file, for tshark or decode")


def _home_agents(adder: Adder) -> None:
    examples = [
        "home-agents",
        "home-agents add 2001:db8:1::1 2001:db8:1::/64 --pin",
        "home-agents accept 2001:db8:1::1",
        "home-agents remove 2001:db8:1::1",
    ]
    group = adder.group("home-agents", "list the known home agents; add, accept or remove one", examples)
    add = group.command("add", "know a home agent that was not heard")
    add.add_argument("address", type=ADDRESS, metavar="ADDRESS", help="its global address")
    add.add_argument("prefix", type=NETWORK, metavar="PREFIX", help="the home network it serves")
    add.add_argument("--pin", action="store_true", help="never forget it, never believe another router in its place")
    accept = group.command("accept", "believe that a home agent has another network or hardware address now")
    accept.add_argument("address", type=ADDRESS, metavar="ADDRESS", help="one that mnctl problems names")
    remove = group.command("remove", "forget a home agent")
    remove.add_argument("address", type=ADDRESS, metavar="ADDRESS", help="one of the list")


def _home_addresses(adder: Adder) -> None:
    examples = [
        "home-addresses",
        "home-addresses suggest --home-agent 2001:db8:1::1",
        "home-addresses add 2001:db8:1::10 --home-agent 2001:db8:1::1",
        "home-addresses accept 2001:db8:1::10",
    ]
    group = adder.group("home-addresses", "list the home addresses; add, remove, prefer, accept, dismiss", examples)
    add = group.command("add", "keep a home address reachable")
    _new_home_address(add)
    attempt = group.command(
        "try",
        "use a home address on trial, and tell how it goes, until interrupted",
        ["home-addresses try 2001:db8:1::10 --keep --timeout 60"],
    )
    _new_home_address(attempt)
    attempt.add_argument("--keep", action="store_true", help="end as soon as it works, and keep it")
    attempt.add_argument("--timeout", type=seconds, metavar="SECONDS", help="give up if it is not kept by then")
    for name, text in (
        ("remove", "give a home address up"),
        ("prefer", "use this home address for new connections"),
        ("accept", "take a proposed home address into use"),
        ("dismiss", "never propose this home address again"),
    ):
        group.command(name, text).add_argument("address", type=ADDRESS, metavar="ADDRESS", help="one of the list")
    suggest = group.command("suggest", "list home addresses that could be added")
    suggest.add_argument("--home-agent", type=ADDRESS, metavar="ADDRESS", help="only at this one")


def _new_home_address(command: argparse.ArgumentParser) -> None:
    agent = "who forwards for it; without, home only"
    command.add_argument("address", type=ADDRESS, metavar="ADDRESS", help="the home address")
    command.add_argument("--home-agent", type=ADDRESS, metavar="ADDRESS", help=agent)
    command.add_argument(
        "--prefix-length", type=int, default=64, metavar="BITS", help="of the home network (default: 64)"
    )


def _interfaces(adder: Adder) -> None:
    examples = ["interfaces order eth0 wlan0", "interfaces set-priority wlan0 10"]
    group = adder.group("interfaces", "list the network interfaces; set which is preferred", examples)
    order = group.command("order", "say in which order interfaces are preferred; others come behind")
    order.add_argument("names", nargs="+", metavar="INTERFACE", help="names like wlan0, the preferred first")
    priority = group.command("set-priority", "say how much an interface is preferred")
    priority.add_argument("name", metavar="INTERFACE", help="its name, like wlan0")
    priority.add_argument("priority", type=a_priority, metavar="PRIORITY", help="1 to 999, the smaller is preferred")


def _settings(adder: Adder) -> None:
    examples = ["settings", "settings get mobile_node.enabled", "settings set mobile_node.enabled false"]
    group = adder.group("settings", "list the settings; get, set or describe one", examples)
    describe = group.command("describe", "say what a setting means and may be; without KEY, all of them")
    describe.add_argument("key", nargs="?", metavar="KEY", help="one of the list")
    group.command("get", "print one setting").add_argument("key", metavar="KEY", help="one of the list")
    change = group.command("set", "change one setting")
    change.add_argument("key", metavar="KEY", help="one of the list")
    change.add_argument("value", metavar="VALUE", help="as in the settings file")


def _keys(adder: Adder) -> None:
    examples = [
        "keys",
        "keys set 2001:db8:1::10 2001:db8:1::1 --kind rfc4285 --algorithm hmac-sha1-96 --spi-in 1000 --spi-out 1001",
        "keys remove 2001:db8:1::10 2001:db8:1::1 1001",
        "keys rotate laptop",
        "keys export laptop.mnclient-invitation --for strongswan",
    ]
    group = adder.group("keys", "list the keys for home agents; set, provide, remove, rotate or export one", examples)
    group.command("list", "list the keys, without their secrets")
    install = group.command("set", "install a key, or replace one; the secret is read from standard input")
    _key_place(install)
    kinds = argument(lambda text: arguments.word(KeyKind, text, "kind"), "kind")
    owners = argument(lambda text: arguments.word(KeyOwner, text, "owner"), "owner")
    install.add_argument(
        "--kind", type=kinds, required=True, help=f"one of: {', '.join(each.value for each in KeyKind)}"
    )
    install.add_argument("--algorithm", required=True, help="like hmac-sha1-96 or aes-gcm-256")
    install.add_argument("--spi-in", type=an_spi, required=True, metavar="SPI", help="in what arrives here, from 256")
    install.add_argument("--spi-out", type=an_spi, required=True, metavar="SPI", help="in what is sent, from 256")
    where = "computer: in a file of the service (default); user: until the service stops"
    install.add_argument("--owner", type=owners, default=KeyOwner.COMPUTER, metavar="OWNER", help=where)
    _secret_file(install)
    provide = group.command("provide", "hand over the secret of a key whose owner is a user")
    remove = group.command("remove", "forget a key")
    for command in (provide, remove):
        _key_place(command)
        command.add_argument("spi_out", type=an_spi, metavar="SPI", help="the outgoing one of the list")
    _secret_file(provide)
    add_rotation(group)
    add_export(group)


def _key_place(command: argparse.ArgumentParser) -> None:
    command.add_argument("home_address", type=ADDRESS, metavar="HOME_ADDRESS", help="whose registrations it protects")
    command.add_argument("home_agent", type=ADDRESS, metavar="HOME_AGENT", help="who has the same key")


def _secret_file(command: argparse.ArgumentParser) -> None:
    text = "where the secret is, in hexadecimal digits (default: -, standard input)"
    command.add_argument("--secret-file", dest="file", default="-", metavar="FILE", help=text)


def _tools(adder: Adder) -> None:
    decode = adder.command(
        "decode",
        "print the Mobile IPv6 messages of a packet capture, one line each",
        ["decode capture.pcap", "decode --json capture.pcapng"],
    )
    decode.add_argument("file", metavar="FILE", help="pcap or pcapng, as written by tcpdump or wireshark")
    reset = adder.command(
        "reset-network",
        "remove everything a crashed service may have left in the network, and nothing else",
        ["reset-network"],
    )
    reset.add_argument("--force", action="store_true", help="even while a service is running")
    add_installation(adder)
