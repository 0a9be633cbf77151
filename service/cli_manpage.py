# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the manual page of mnctl from its parser: python -m service.cli_manpage [FILE]."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from service.cli_parser import parser
from service.cli_words import PROGRAM

DEFAULT_FILE: Final = Path(__file__).resolve().parent.parent / "docs/man/mnctl.1"


def manual_page() -> str:
    """The text of mnctl(1). The same parser gives the same text, whatever the terminal, the day or the version."""
    from argparse_manpage.manpage import Manpage  # type: ignore[import-untyped]

    words = parser(width=80)
    words.epilog = ""  # its columns would run together; they stand in sections of their own
    page = Manpage(words)
    page.date, page.source, page.manual = "", "mnclient", "Mobile IPv6"
    page.description = "see and control Mobile IPv6"
    return f"{_LICENCE}{page}\n{_SECTIONS}"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page to the file named, or to its place in the checkout."""
    names = sys.argv[1:] if argv is None else argv
    path = Path(names[0]) if names else DEFAULT_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(manual_page(), encoding="utf-8")
    print(f"{PROGRAM}(1) is in {path}")
    return 0


_LICENCE: Final = """.\\" SPDX-License-Identifier: GPL-2.0-or-later
.\\" Made from the parser by: python -m service.cli_manpage
"""

_SECTIONS: Final = r""".SH ENVIRONMENT
.TP
.B MNCLIENT_BUS
The bus of the service, when there is no \fB\-\-bus\fR: system, session, or an address like unix:path=/run/example.
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
Refused or failed.
.TP
.B 2
The command line cannot be understood.
.TP
.B 3
There is no service to talk to.
.TP
.B 4
No permission.
.TP
.B 5
There is no such address, interface, setting or file.
.TP
.B 130
Interrupted with Ctrl-C.
.SH EXAMPLES
.nf
mnctl status
mnctl home\-addresses add 2001:db8:1::10 \-\-home\-agent 2001:db8:1::1
mnctl settings set autoconfiguration.ask_first false
mnctl \-\-json status | jq .engine.phase
mnctl decode capture.pcap
.fi
"""

if __name__ == "__main__":
    sys.exit(main())
