# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of `mnctl doctor` and `mnctl report`."""

import argparse

from service.cli_words import Adder


def add_doctor(adder: Adder) -> None:
    """Both."""
    doctor = adder.command(
        "doctor",
        "check everything that must be true for this to work; also without the service",
        ["doctor", "doctor --self-test", "doctor --json"],
    )
    doctor.add_argument(
        "--self-test",
        action="store_true",
        help="instead: a home agent, a router, a correspondent and a laptop in namespaces of this machine, and a move",
    )
    report = adder.command(
        "report",
        "write down everything one needs to see to help, without any key",
        ["report report.txt", "report --mask-addresses report.txt"],
    )
    report.add_argument("file", nargs="?", metavar="FILE", help="where to; without, it is printed")
    report.add_argument(
        "--mask-addresses",
        action="store_true",
        help="put a stand-in for each address; which are in the same prefix can still be seen",
    )
    for command in (doctor, report):
        _places(command)


def _places(command: argparse.ArgumentParser) -> None:
    """As of mnclientd: a service that does not run cannot say where they are."""
    command.add_argument("--config", metavar="FILE", help="settings of the service (default: as for mnclientd)")
    command.add_argument(
        "--state-dir", dest="state_directory", metavar="DIR", help="state of the service (default: as for mnclientd)"
    )
