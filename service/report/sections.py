# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in a report: each section has a title and a text."""

import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mnclient.constants import NFTABLES_TABLE
from service.facts.programs import ask

_COMMANDS: Final = (
    ("links", ["ip", "-details", "link", "show"]),
    ("addresses", ["ip", "-6", "addr", "show"]),
    ("routes", ["ip", "-6", "route", "show", "table", "all"]),
    ("policy rules", ["ip", "-6", "rule", "show"]),
    ("neighbours", ["ip", "-6", "neigh", "show"]),
    ("neighbours answered for", ["ip", "-6", "neigh", "show", "proxy"]),
    ("our filter", ["nft", "list", "table", "ip6", NFTABLES_TABLE]),
    ("IPsec policies", ["ip", "xfrm", "policy", "show"]),
    ("IPsec states", ["ip", "xfrm", "state", "list", "nokeys"]),
    ("journal", ["journalctl", "--unit=mnclientd", "--lines=200", "--no-pager", "--no-hostname", "--output=short-iso"]),
)
_RELEASE: Final = Path("/etc/os-release")
_KEY: Final = re.compile(r"\b(auth|auth-trunc|enc|aead|comp)(\s+\S+\s+)(0x[0-9A-Fa-f]+|\"[^\"]*\")")
"""How iproute2 prints a key, where a version of it does not know `nokeys`."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report."""

    title: str
    text: str


def of_system() -> Iterator[Section]:
    """What can be seen without the service. A program that cannot be asked says why in its section."""
    yield Section("system", f"{platform.platform()}\nPython {platform.python_version()}\n{_distribution()}")
    for title, command in _COMMANDS:
        answer = ask(command)
        yield Section(title, without_keys(answer.output) + (f"({answer.reason})\n" if answer.reason else ""))


def without_keys(text: str) -> str:
    """What iproute2 printed, with no key in it."""
    return _KEY.sub(r"\1\2(left out)", text)


def as_text(sections: Iterable[Section]) -> str:
    """A report as one text."""
    return "\n".join(f"=== {section.title} ===\n{section.text.rstrip()}\n" for section in sections)


def _distribution() -> str:
    try:
        lines = _RELEASE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "unknown distribution"
    named = (line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME="))
    return next(named, "unknown distribution")
