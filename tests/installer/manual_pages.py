# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages of the service, the tray and the settings file, from what the programs say themselves: `make man`.

That of mnctl is written by `service.cli_manpage`.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from argparse_manpage.manpage import Manpage

from service import daemon
from service.settings_declaration import Kind, Setting
from service.settings_schema import SETTINGS, SETTINGS_VERSION
from ui import app

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs/man"
LICENCE: Final = """.\\" SPDX-License-Identifier: GPL-2.0-or-later
.\\" Made by: python -m tests.installer.manual_pages
"""


def pages() -> dict[str, str]:
    """The text of each page by the name of its file; the same whatever the terminal, the day or the version."""
    return {
        "mnclientd.8": _of_program(daemon.parser(), 8, "the Mobile IPv6 service", _MNCLIENTD),
        "mnclient.1": _of_program(_tray(), 1, "an icon in the tray for Mobile IPv6", _MNCLIENT),
        "mnclient.toml.5": _of_settings(),
    }


def _tray() -> argparse.ArgumentParser:
    """The parser of the tray, in English, and without what depends on the environment."""
    words = app.parser()
    for action in words._actions:
        if action.dest == "bus":
            action.default = "system"
    return words


def _of_program(words: argparse.ArgumentParser, section: int, text: str, more: str) -> str:
    words.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=80)  # type: ignore[assignment]
    page = Manpage(words)
    page.section, page.description = section, text
    page.date, page.source, page.manual = "", "mnclient", "Mobile IPv6"
    return f"{LICENCE}{page}\n{more}".replace("\n.SH COMMENTS\n", "\n.PP\n")


def _of_settings() -> str:
    lines = ['.TH MNCLIENT.TOML 5 "" mnclient "Mobile IPv6"', _SETTINGS_HEAD]
    for setting in SETTINGS:
        lines += _setting(setting, setting.key)
    return LICENCE + "\n".join(lines) + "\n" + _SETTINGS_TAIL


def _setting(setting: Setting, name: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {_plain(name)}"
    yield _plain(setting.description)
    yield _plain(f"Accepted: {_accepted(setting)}.")
    if setting.is_scalar and setting.default is not None:
        yield _plain(f"Default: {json.dumps(setting.default, default=str, ensure_ascii=False)}.")
    if setting.needs_restart:
        yield "Takes effect when the service is started again."
    if setting.fields:
        yield ".RS"
        for each in setting.fields:
            yield from _setting(each, f"{each.key} (needed)" if each.required else each.key)
        yield ".RE"


def _accepted(setting: Setting) -> str:
    return setting.kind.value if setting.kind is Kind.TABLE else setting.accepted.split(" with ")[0]


def _plain(text: str) -> str:
    """Text that troff takes for nothing else."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped.startswith((".", "'")) else escaped


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages to docs/man, or to the folder named."""
    names = sys.argv[1:] if argv is None else argv
    folder = Path(names[0]) if names else FOLDER
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"wrote {folder / name}")
    return 0


_MNCLIENTD: Final = r""".SH SIGNALS
.TP
.B SIGHUP
Read the settings again (systemctl reload mnclientd).
.TP
.BR SIGTERM ", " SIGINT
Remove everything of Mobile IPv6 from the network, and end.
.SH EXIT STATUS
.TP
.B 0
An orderly stop.
.TP
.B 1
The system refuses the network, or a defect was found.
.TP
.B 2
The command line cannot be understood.
.TP
.B 69
There is no message bus.
.SH ENVIRONMENT
.TP
.BR CONFIGURATION_DIRECTORY ", " STATE_DIRECTORY
Set by systemd: where mnclient.toml is, and where the state is kept.
.SH NOTES
It needs root, or the capabilities CAP_NET_ADMIN and CAP_NET_RAW, which the unit mnclientd.service gives to the user
mnclient. What it logs has fields to select by:
.PP
.nf
journalctl \-u mnclientd PRIORITY=3
journalctl \-u mnclientd LOGGER=mnclientd
.fi
.SH SEE ALSO
.BR mnctl (1),
.BR mnclient (1),
.BR mnclient.toml (5)
"""

_MNCLIENT: Final = r""".SH FILES
.TP
.I ~/.config/autostart/mnclient.desktop
Whether it starts with the session; the preferences write it. It wins over /etc/xdg/autostart/mnclient.desktop.
.SH SEE ALSO
.BR mnctl (1),
.BR mnclientd (8)
"""

_SETTINGS_HEAD: Final = rf""".SH NAME
mnclient.toml \- settings of the Mobile IPv6 service
.SH SYNOPSIS
.I /etc/mnclient/mnclient.toml
.SH DESCRIPTION
A file in the form TOML, read when mnclientd starts and when it is reloaded (systemctl reload mnclientd). Without it
everything has its default. A file that is not accepted changes nothing: the service goes on with what was accepted
last, and
.B mnctl problems
says which line is wrong.
.PP
Its first line is
.B version = {SETTINGS_VERSION}
and names the form of the file. A key with dots is a table and a name in it: interfaces in
.B mobile_node.interfaces
are written as one
.B [[mobile_node.interfaces]]
for each.
.PP
What is changed by
.B mnctl settings set
or the tray is kept in /var/lib/mnclient/settings.toml where the service may not write this file, and wins over it.
.SH SETTINGS"""

_SETTINGS_TAIL: Final = r""".SH EXAMPLE
.nf
version = 1

[autoconfiguration]
ask_first = false

[[mobile_node.interfaces]]
name = "eth0"
priority = 10
.fi
.SH SEE ALSO
.BR mnctl (1),
.BR mnclientd (8)
"""

if __name__ == "__main__":
    sys.exit(main())
