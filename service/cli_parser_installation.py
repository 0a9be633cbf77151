# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of `mnctl` for systems that have no package of ours."""

from pathlib import Path

from service.cli_words import Adder


def add_installation(adder: Adder) -> None:
    """Add install-service and uninstall-service."""
    install = adder.command(
        "install-service",
        "make the service a part of this system, where no package has done it",
        ["install-service", "install-service --root /tmp/image"],
    )
    uninstall = adder.command(
        "uninstall-service", "remove what install-service has written, and nothing else", ["uninstall-service"]
    )
    for command in (install, uninstall):
        text = "work in a file system below this folder, and start or stop nothing (default: /)"
        command.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help=text)
    text = "where mnclientd and mnctl are (default: beside this Python)"
    install.add_argument("--programs", type=Path, metavar="DIR", help=text)
