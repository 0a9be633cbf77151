# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a command line is one that its program takes, without running it."""

import contextlib
import io
import re
import shlex
from collections.abc import Callable
from typing import Final

from service.cli_parser import parser
from service.daemon import parser as daemon_parser
from service.settings_schema import BY_KEY, scalars
from tests.docs.blocks import ROOT

SAMPLES: Final = {
    "ADDRESS": "2001:db8:1::10",
    "HOME_ADDRESS": "2001:db8:1::10",
    "PREFIX": "2001:db8:1::/64",
    "KEY": "mobile_node.enabled",
    "NAME": "laptop",
    "FILE": "laptop.mnclient-invitation",
    "TARGET": "help",
}
"""Words in capitals in a command, each with something to put in its place."""
OTHERS: Final = frozenset("apt busctl chmod cp install jq journalctl openssl ping rm scp sysctl tar uname".split())
"""Programs that a page may name, and that only their own manuals check."""
_ENDS: Final = frozenset(("|", "||", "&&", ";", ">", ">>", "<"))
_UNITS: Final = ("mnclientd", "dbus")


def faults(line: str) -> list[str]:
    """What is wrong with a command line; empty when nothing is."""
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        return [f"{line}: {error}"]
    return [f"{line}: {fault}" for command in _split(words) for fault in _of_one(command)]


def _split(words: list[str]) -> list[list[str]]:
    """The commands between pipes; names of files behind `<` and `>` belong to the shell."""
    commands: list[list[str]] = [[]]
    before = ""
    for word in words:
        if word in _ENDS:
            if word not in ("<", ">", ">>"):
                commands.append([])
        elif before not in ("<", ">", ">>"):
            commands[-1].append(word)
        before = word
    return commands


def _of_one(words: list[str]) -> list[str]:
    if words[:1] == ["sudo"]:
        words = words[1:]
    if not words:
        return ["there is no command"]
    program = words[0].removeprefix(".venv/bin/")
    arguments = [SAMPLES.get(each, each) for each in words[1:]]
    if check := _CHECKS.get(program):
        return check(arguments)
    if program.startswith("tools/"):
        return [] if (ROOT / program).is_file() else [f"there is no {program}"]
    return [] if program in OTHERS else [f"{program} is not on the list"]


def _mnctl(arguments: list[str]) -> list[str]:
    found = _parsed(parser().parse_args, arguments)
    if not found and arguments[:2] in (["settings", "set"], ["settings", "get"], ["settings", "describe"]):
        found = [f"there is no setting {each}" for each in arguments[2:3] if each not in BY_KEY]
    return found


def _parsed(parse: Callable[[list[str]], object], arguments: list[str]) -> list[str]:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            parse(arguments)
    except SystemExit as end:
        return [] if end.code == 0 else [said.getvalue().strip().splitlines()[-1]]
    return []


def _mnclient(arguments: list[str]) -> list[str]:
    """The options that ui/app.py declares, read from it: a machine without Qt checks them too."""
    source = (ROOT / "ui/app.py").read_text(encoding="utf-8")
    known = set(re.findall(r'"(--[a-z-]+)"', source))
    return [f"mnclient has no {each}" for each in arguments if each.startswith("-") and each not in known]


def _mnclientd(arguments: list[str]) -> list[str]:
    return _parsed(daemon_parser().parse_args, arguments)


def _make(arguments: list[str]) -> list[str]:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    return [f"there is no target {each}" for each in arguments if "=" not in each and each not in targets]


def _systemctl(arguments: list[str]) -> list[str]:
    if len(arguments) != 2 or arguments[0] not in ("start", "stop", "restart", "reload", "status"):
        return ["not of the form: systemctl VERB UNIT"]
    return [] if arguments[1] in _UNITS else [f"there is no unit {arguments[1]}"]


def _ssh(arguments: list[str]) -> list[str]:
    """What is run there is a command like any other."""
    return _of_one(arguments[1:])


_CHECKS: Final[dict[str, Callable[[list[str]], list[str]]]] = {
    "mnctl": _mnctl,
    "mnclient": _mnclient,
    "mnclientd": _mnclientd,
    "make": _make,
    "systemctl": _systemctl,
    "ssh": _ssh,
}


def is_setting(text: str) -> bool:
    """Whether this looks like the name of a setting."""
    sections = {each.key.split(".")[0] for each in scalars()}
    return re.fullmatch(r"[a-z_]+(\.[a-z_]+)+( = .*)?", text) is not None and text.split(".")[0] in sections
