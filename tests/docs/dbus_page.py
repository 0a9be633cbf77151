# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes docs/developer/dbus.md: python -m tests.docs.dbus_page [FILE].

Names, types and permissions are those of `service.contract`; the sentences are those of docs/dbus.txt, which
tests/service/test_contract.py holds to the contract.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from service import contract
from tests.docs.blocks import DOCS

SOURCE: Final = DOCS / "dbus.txt"
PAGE: Final = DOCS / "developer/dbus.md"
OURS: Final = (
    contract.MANAGER,
    contract.HOME_AGENT,
    contract.HOME_ADDRESS,
    contract.INTERFACE,
    contract.BINDING,
    contract.CORRESPONDENT,
)
_MEMBER: Final = re.compile(r"^\t\t(?P<line>\S.*)$")
_TEXT: Final = "\t\t\t"
_SAID_ELSEWHERE: Final = ("Permission: ", "Possible errors: ")


@dataclass(slots=True)
class Section:
    """An interface in docs/dbus.txt. `members`: paragraphs by the name of the member."""

    path: str
    about: str
    members: dict[str, list[str]] = field(default_factory=dict)


def sections(text: str) -> dict[str, Section]:
    """What docs/dbus.txt says, by interface."""
    found = {}
    for part in re.split(r"^Interface +", text.split("\nErrors\n***")[0], flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        path = re.search(r"^Object path +(.+)$", rest, re.MULTILINE)
        about, _, members = rest.partition("\nMethods\n") if "\nMethods\n" in rest else rest.partition("\nProperties\n")
        lines = [each.strip() for each in about.splitlines()[1:] if each.startswith("\t\t")]
        found[name] = Section(path.group(1) if path else "", " ".join(lines), _members(members))
    return found


def _members(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if (member := _MEMBER.match(line)) is not None:
            lines = found.setdefault(_name(member["line"]), [])
        elif line.startswith(_TEXT) or not line.strip():
            lines.append(line.removeprefix(_TEXT))
    return {name: _paragraphs(lines) for name, lines in found.items()}


def _name(line: str) -> str:
    """Of `aa{sv}, u GetBindingCache(u offset)`, `StatusChanged()` or `s Version [readonly]`."""
    return line.partition("(")[0].split()[-1] if "(" in line else line.split()[1]


def _paragraphs(lines: Iterable[str]) -> list[str]:
    """Paragraphs of Markdown; indented lines become a block."""
    made = []
    for part in re.split(r"\n\s*\n", "\n".join(lines).strip("\n")):
        if part.startswith("Permission: ") and " (" in part:
            made.append(f"Besides: {part.partition(' (')[2].removesuffix(')')}")
        if not part.strip() or part.startswith(_SAID_ELSEWHERE):
            continue
        if all(line.startswith("    ") for line in part.splitlines()):
            made.append("\n".join(("```text", *(line.removeprefix("    ") for line in part.splitlines()), "```")))
        else:
            made.append(_escaped(" ".join(line.strip() for line in part.splitlines())))
    return made


def _escaped(text: str) -> str:
    return re.sub(r"([*<>|\[\]])", r"\\\1", text)


def _signature(name: str, method: contract.Method) -> str:
    arguments = ", ".join(f"{kind} {argument}" for argument, kind in method.arguments)
    results = ", ".join(f"{kind} {result}" for result, kind in method.results)
    return f"{name}({arguments})" + (f" -> {results}" if results else "")


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [*(f"| {' | '.join(row)} |" for row in (heading, ["---"] * len(heading), *rows)), ""]


def _short(interface: str) -> str:
    return interface.removeprefix(contract.BUS_NAME + ".")


def _interface(name: str, section: Section) -> list[str]:
    lines = [f"## {_short(name)}", "", section.about, "", f"Object: `{section.path}`", ""]
    for member, method in contract.METHODS.get(name, {}).items():
        words = section.members.get(member, [])
        lines += [f"### {member}", "", "```text", _signature(member, method), "```", ""]
        lines += [line for paragraph in words for line in (paragraph, "")]
        lines += [f"Permission: `{method.action.value}`", ""]
    if signals := contract.SIGNALS.get(name):
        lines += [f"### Signals of {_short(name)}", ""]
        lines += _table(("signal", "meaning"), ((f"`{each}`", _words(section, each)) for each in signals))
    lines += [f"### Properties of {_short(name)}", "", "All are read-only.", ""]
    rows = [(f"`{each}`", f"`{kind}`", _words(section, each)) for each, kind in contract.PROPERTIES[name].items()]
    return lines + _table(("property", "type", "meaning"), rows)


def _words(section: Section, member: str) -> str:
    return " ".join(section.members.get(member, []))


def _permissions() -> list[str]:
    rows = []
    for action in contract.Action:
        methods = contract.METHODS[contract.MANAGER].items()
        rows.append((f"`{action.value}`", ", ".join(f"`{name}`" for name, each in methods if each.action is action)))
    return ["## Permissions", "", _PERMISSIONS, "", *_table(("action of polkit", "methods of Manager"), rows)]


def _errors(text: str) -> list[str]:
    rows = []
    for name, words in re.findall(r"^(org\.mnclient\S+\.Error\.\w+)\n\n((?:\t\t.+\n)+)", text, re.MULTILINE):
        rows.append((f"`{name}`", _escaped(" ".join(words.split()))))
    return ["## Errors", "", _ERRORS, "", *_table(("error", "meaning"), rows)]


def page(text: str) -> str:
    """The whole page, made from what docs/dbus.txt says."""
    found = sections(text)
    lines = [_HEAD]
    for name in OURS:
        lines += _interface(name, found[name])
    return "\n".join([*lines, *_permissions(), *_errors(text)]).rstrip("\n") + "\n"


def main(argv: Sequence[str]) -> int:
    """Write it to the file named, or to its place."""
    path = Path(argv[0]) if argv else PAGE
    path.write_text(page(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"the D-Bus page is in {path}")
    return 0


_HEAD: Final = f"""\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Made from service/contract.py and docs/dbus.txt by: python -m tests.docs.dbus_page -->
# The D-Bus interface

The service is `{contract.BUS_NAME}` on the system bus. `mnctl` and the icon use nothing else. The same as plain
text, with the possible errors of each method: [dbus.txt](../dbus.txt).

```console
$ busctl get-property {contract.BUS_NAME} {contract.ROOT_PATH} {contract.MANAGER} Phase
s "registered"
$ busctl call {contract.BUS_NAME} {contract.ROOT_PATH} {contract.MANAGER} GetPermissions
a{{ss}} NUMBER ...
```

Objects appear and vanish under the object manager at `{contract.ROOT_PATH}`. Changes are gathered: signals come
at most 20 times a second. Addresses and prefixes are text; a text that is not there is "". `ApiVersion` is
{contract.API_VERSION}, and grows with every addition; what would break a client gets another name on the bus.

What the fields of `GetStatus` mean is in [what `mnctl --json` prints](../json.md).
"""
_PERMISSIONS: Final = (
    "Everything is refused unless polkit allows the caller the action. Root and the service's own user always may. A"
    " caller that can wait while a person is asked for a password sets ALLOW_INTERACTIVE_AUTHORIZATION. Who may do what"
    " now: `mnctl permissions`."
)
_ERRORS: Final = (
    "The text of an error has one to three lines: what happened; what to do about it; and for some a JSON object with"
    " what a program may want to know."
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
