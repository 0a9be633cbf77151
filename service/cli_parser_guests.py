# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of `mnctl` about invitations: of the home agent that writes them, and of the laptop that takes one."""

import argparse
from typing import Final

from mnclient.model.keys import KeyKind
from mnclient.units import Seconds
from service.cli_words import ADDRESS, NETWORK, Adder, argument, seconds
from service.interfaces import arguments
from service.key_export import Form, Side

DEFAULT_EXPIRY: Final = "7d"
NEVER: Final = "never"
_UNITS: Final = {"min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_LONGEST: Final = 10 * 365 * 86_400.0


def add_guests(adder: Adder) -> None:
    """All of them."""
    _invite(adder)
    adder.command("guests", "list whom this home agent invited, and who came", ["guests", "guests --json"])
    revoke = adder.command(
        "revoke", "end a guest of this home agent: its key, its access and its binding", ["revoke laptop"]
    )
    revoke.add_argument("name", metavar="NAME", help="one of mnctl guests")
    _join(adder)


def an_expiry(text: str) -> Seconds | None:
    """A time like 12h, as seconds; None for `never`."""
    if text == NEVER:
        return None
    for unit, size in _UNITS.items():
        number = text.removesuffix(unit)
        if number != text and number.isascii() and number.isdecimal() and 0 < int(number[:9]) * size <= _LONGEST:
            return Seconds(int(number[:9]) * size)
    raise argparse.ArgumentTypeError(f"{text!r} is no time: write it like 30min, 12h, 7d, 2w, or {NEVER}")


def _invite(adder: Adder) -> None:
    examples = [
        "invite laptop",
        "invite laptop --home-address 2001:db8:1::10 --expires 12h --seal --png laptop.png",
        "invite laptop --output - | ssh laptop sudo mnctl join -",
    ]
    invite = adder.command("invite", "let a laptop in at this home agent, and write an invitation for it", examples)
    kinds = argument(lambda text: arguments.word(KeyKind, text, "protection"), "protection")
    invite.add_argument("name", metavar="NAME", help="what you call the guest, like laptop")
    invite.add_argument("--home-address", type=ADDRESS, metavar="ADDRESS", help="its home address; without, a free one")
    invite.add_argument(
        "--home-agent", type=ADDRESS, metavar="ADDRESS", help="on which home link, if there are several"
    )
    what = "kind of its key: rfc4285 or esp; without, esp where this machine can"
    invite.add_argument("--protection", type=kinds, metavar="KIND", help=what)
    invite.add_argument("--algorithm", metavar="NAME", help="for the key, like aes-gcm-256; without, the best one")
    until = f"until when it must have come: 30min, 12h, 7d, 2w or {NEVER} (default: {DEFAULT_EXPIRY})"
    invite.add_argument("--expires", type=an_expiry, default=an_expiry(DEFAULT_EXPIRY), metavar="TIME", help=until)
    invite.add_argument(
        "--care-of-addresses",
        type=NETWORK,
        nargs="+",
        default=[],
        metavar="PREFIX",
        help="it may register from these networks only; without, from all",
    )
    _destination(invite)


def add_rotation(keys: Adder) -> None:
    """A word below `keys`."""
    text = "on the home agent: give a guest a new key; the one before counts until it has come with the new one"
    rotate = keys.command("rotate", text, ["keys rotate laptop", "keys rotate laptop --overlap 2w --seal"])
    rotate.add_argument("name", metavar="NAME", help="one of mnctl guests")
    rotate.add_argument("--algorithm", metavar="NAME", help="for the new key; without, the best one")
    overlap = f"how long the one before counts at most: 12h, 7d, 2w or {NEVER} for no end (default: {DEFAULT_EXPIRY})"
    rotate.add_argument("--overlap", type=an_expiry, default=an_expiry(DEFAULT_EXPIRY), metavar="TIME", help=overlap)
    _destination(rotate)


def add_export(keys: Adder) -> None:
    """A word below `keys`."""
    text = "write an invitation as the configuration of another program, for a home agent that is not this one"
    examples = [
        "keys export laptop.mnclient-invitation --for ip-xfrm",
        "keys export laptop.mnclient-invitation --for strongswan --side mobile-node",
    ]
    export = keys.command("export", text, examples)
    export.add_argument("file", metavar="FILE", help="an invitation, which has the secret; - for standard input")
    export.add_argument("--for", dest="form", required=True, choices=[each.value for each in Form], help="the program")
    sides = [each.value for each in Side]
    export.add_argument("--side", choices=sides, default=Side.HOME_AGENT.value, help="which end (default: %(default)s)")
    export.add_argument("--passphrase-file", metavar="FILE", help="its first line opens a sealed one")


def _destination(command: argparse.ArgumentParser) -> None:
    where = "where to write the invitation; - for standard output (default: NAME.mnclient-invitation)"
    command.add_argument("--output", metavar="FILE", help=where)
    command.add_argument("--png", metavar="FILE", help="write it as a picture (QR code), too")
    command.add_argument("--qr", action="store_true", help="print the QR code; without, only on a terminal")
    command.add_argument("--seal", action="store_true", help="protect it with a passphrase, which is asked for")
    command.add_argument("--passphrase-file", metavar="FILE", help="seal it with the first line of this file")


def _join(adder: Adder) -> None:
    examples = ["join laptop.mnclient-invitation", "join - < laptop.mnclient-invitation", "join FILE --later"]
    text = "take an invitation: configure home address, home agent and key, and try them"
    join = adder.command("join", text, examples)
    join.add_argument("file", metavar="FILE", help="the invitation; - for standard input")
    join.add_argument(
        "--passphrase-file", metavar="FILE", help="its first line opens a sealed one; without, it is asked for"
    )
    choice = "if the invitation leaves the choice; without, a random one"
    join.add_argument("--home-address", type=ADDRESS, metavar="ADDRESS", help=choice)
    join.add_argument("--later", action="store_true", help="keep everything without trying it now")
    join.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="give up if the home agent has not accepted by then (default: 60)",
    )
