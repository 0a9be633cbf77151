# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of `mnctl` about the roles of this machine, who may use them, and what is logged of them."""

from mnclient.debugging import Category
from service.cli_words import ADDRESS, NETWORK, Adder, a_count, seconds
from service.settings_schema import PRIVACY_OFF

ROLES = ("home-agent", "correspondent-node")


def add_roles(adder: Adder) -> None:
    """All of them."""
    _route_optimization(adder)
    _correspondent_node(adder)
    _home_agent(adder)
    _access(adder)
    _debug(adder)


def _route_optimization(adder: Adder) -> None:
    examples = [
        "route-optimization",
        "route-optimization enable",
        "route-optimization enable --only-these 2001:db8:c::/48",
    ]
    text = "exchange packets with correspondents directly, or not; show how it goes"
    group = adder.group("route-optimization", text, examples)
    group.command("show", "show whether packets go directly, with whom, and what that tells them")
    enable = group.command("enable", f"let packets go directly. {PRIVACY_OFF}".rstrip("."))
    wish = enable.add_mutually_exclusive_group()
    wish.add_argument("--always", action="store_true", help="with everybody whom the settings do not forbid")
    wish.add_argument(
        "--only-these",
        type=NETWORK,
        nargs="*",
        metavar="PREFIX",
        help="only with correspondents in these prefixes, and those whom the settings allow",
    )
    group.command("disable", "tell nobody where this machine is: all packets go through the home agent")


def _correspondent_node(adder: Adder) -> None:
    examples = ["correspondent-node", "correspondent-node enable"]
    text = "let mobile nodes exchange packets with this machine directly, or not; show how it goes"
    group = adder.group("correspondent-node", text, examples)
    group.command("show", "show whether the role is on, and how many bindings there are")
    group.command("enable", "switch the correspondent-node role on")
    group.command("disable", "switch the correspondent-node role off")


def _home_agent(adder: Adder) -> None:
    examples = [
        "home-agent enable --prefix 2001:db8:1::/64 --address 2001:db8:1::1 --interface lan0 --advertise",
        "home-agent enable --prefix 2001:db8:7::/64 --address 2001:db8:7::1",
        "home-agent advertise 2001:db8:1::/64 --max-interval 0.07 --min-interval 0.03",
        "home-agent disable",
    ]
    group = adder.group("home-agent", "be a home agent for others, or stop being one; show how it goes", examples)
    group.command("show", "show the home links served")
    enable = group.command("enable", "switch the home-agent role on, and serve a home link")
    enable.add_argument("--prefix", type=NETWORK, help="the home network to serve; without, those of the settings")
    enable.add_argument("--address", type=ADDRESS, help="this machine's own address in it")
    enable.add_argument("--interface", metavar="NAME", help="where the home network is; without, it is a virtual one")
    enable.add_argument("--advertise", action="store_true", help="send Router Advertisements there, as its router")
    disable = group.command("disable", "switch the home-agent role off, or stop serving one home link")
    disable.add_argument("--prefix", type=NETWORK, help="only stop serving this home network")
    advertise = group.command(
        "advertise",
        "say how a home link is advertised; what is not given stays as it is",
        ["home-agent advertise 2001:db8:1::/64 --min-interval 0.03 --max-interval 0.07 --preference 10"],
    )
    advertise.add_argument("prefix", type=NETWORK, metavar="PREFIX", help="a home network served on an interface")
    intervals = "seconds between two Router Advertisements at"
    advertise.add_argument("--min-interval", type=seconds, metavar="SECONDS", help=f"{intervals} least, from 0.03")
    advertise.add_argument("--max-interval", type=seconds, metavar="SECONDS", help=f"{intervals} most, from 0.07")
    advertise.add_argument("--preference", type=a_count, metavar="NUMBER", help="0 to 65535; the higher is preferred")
    advertise.add_argument(
        "--lifetime", type=seconds, metavar="SECONDS", help="how long this home agent says it serves"
    )
    advertise.add_argument("--router-lifetime", type=a_count, metavar="SECONDS", help="as a router; 0: not as one")


def _access(adder: Adder) -> None:
    examples = [
        "access",
        "access add home-agent allow --home-addresses 2001:db8:1::10 --care-of-addresses 2001:db8::/32",
        "access add home-agent deny",
        "access remove home-agent 2",
    ]
    text = "list who may register with this machine, from which networks; add or remove a rule"
    group = adder.group("access", text, examples)
    add = group.command("add", "add a rule; the first rule that matches decides, and without one it is yes")
    add.add_argument("role", choices=ROLES, metavar="ROLE", help=f"one of: {', '.join(ROLES)}")
    add.add_argument("decision", choices=("allow", "deny"), metavar="DECISION", help="allow or deny")
    every = "that match; without, all"
    add.add_argument("--home-addresses", type=NETWORK, metavar="PREFIX", help=f"home addresses {every}")
    add.add_argument("--care-of-addresses", type=NETWORK, metavar="PREFIX", help=f"care-of addresses {every}")
    add.add_argument("--at", type=a_count, metavar="NUMBER", help="its place, from 1; without, behind the others")
    remove = group.command("remove", "remove a rule; bindings that are no longer allowed end")
    remove.add_argument("role", choices=ROLES, metavar="ROLE", help=f"one of: {', '.join(ROLES)}")
    remove.add_argument("number", type=a_count, metavar="NUMBER", help="its place in the list")


def _debug(adder: Adder) -> None:
    names = [each.value for each in Category]
    group = adder.group("debug", "list what is logged in detail; switch it", ["debug", "debug on signalling network"])
    for word, text in (("on", "log this in detail from now on"), ("off", "log it no longer")):
        switch = group.command(word, text)
        switch.add_argument("names", nargs="+", choices=names, metavar="CATEGORY", help=f"of: {', '.join(names)}")
