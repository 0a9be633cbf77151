# SPDX-License-Identifier: GPL-2.0-or-later
"""Where `mnctl` has passphrases from: the first line of a file, or a person at the terminal. Never an argument."""

import sys
from getpass import getpass
from pathlib import Path

from mnclient.errors import MobileIPv6Error
from service.contract import InvalidArgument, UnknownThing
from service.invitation_seal import LONGEST_PASSPHRASE, check_passphrase


def from_file(name: str) -> str:
    """The first line. Its content is in no error."""
    try:
        with Path(name).open(encoding="utf-8") as file:
            line = file.readline(LONGEST_PASSPHRASE + 2)
    except FileNotFoundError:
        raise UnknownThing(f"There is no file {name}", hint="give one with the passphrase in its first line") from None
    except UnicodeError:
        raise InvalidArgument(f"The passphrase in {name} is not text", hint="write it in UTF-8") from None
    return line.rstrip("\r\n")


def asked(question: str, instead: str) -> str:
    """Typed without an echo. MobileIPv6Error, which says what to do `instead`, when nobody is there to ask."""
    if not sys.stdin.isatty():
        raise MobileIPv6Error("A passphrase is needed, and nobody is at a terminal to be asked", hint=instead)
    try:
        return getpass(f"{question}: ")
    except EOFError:
        raise MobileIPv6Error("No passphrase was entered", hint=instead) from None


def chosen(name: str | None) -> str:
    """A new one, from a file or typed twice. InvitationError for one that protects nothing."""
    instead = "give it in a file: --passphrase-file FILE"
    passphrase = asked("Passphrase for the invitation", instead) if name is None else from_file(name)
    check_passphrase(passphrase)
    if name is None and asked("Once more", instead) != passphrase:
        raise MobileIPv6Error("The two passphrases differ", hint="do it again")
    return passphrase
