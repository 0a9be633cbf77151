# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages: how large, how large when installed, how exposed their units are, how soon they work."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.context import Context
from tests.benchmarks.report import Figure
from tests.install_lab.result import MACHINE_RESULT, digest
from tests.lab.processes import ROOT

TITLE = "Packages"
MOST_EXPOSED = 2.0
MEBIBYTE = 1024 * 1024
ANALYZE = ("systemd-analyze", "security", "--offline=yes", "--no-pager")


def measure(context: Context) -> list[Figure]:
    """Builds the packages, with --quick only where there are none yet."""
    folder = ROOT / "build/deb"
    if not (context.quick and list(folder.glob("*.deb"))):
        subprocess.run([ROOT / "tools/deb"], check=True)
    packages = sorted(folder.glob("*.deb"))
    if not packages:
        raise FileNotFoundError("tools/deb has made no package")
    figures = [figure for package in packages for figure in _sizes(package)]
    figures += [_exposure(unit) for unit in sorted((ROOT / "installer/systemd").glob("*.service"))]
    return figures + lived_through(MACHINE_RESULT, packages)


def lived_through(file: Path, packages: Sequence[Path]) -> list[Figure]:
    """What the trial in an emulated computer measured, if it held, and was one of these very packages."""
    if not file.exists():
        return []
    told = json.loads(file.read_text(encoding="utf-8"))
    if not told["ok"] or told["packages"] != {each.name: digest(each) for each in packages}:
        return []
    return [Figure(name, seconds, "s") for name, seconds in told["seconds"].items()]


def _sizes(package: Path) -> list[Figure]:
    command = ["dpkg-deb", "--show", "--showformat=${Package} ${Installed-Size}", str(package)]
    name, kibibytes = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [
        Figure(f"{name}: package", round(package.stat().st_size / MEBIBYTE, 2), "MiB"),
        Figure(f"{name}: installed", round(int(kibibytes) / 1024, 2), "MiB"),
    ]


def _exposure(unit: Path) -> Figure:
    return Figure(f"exposure of {unit.name}", exposure(unit), "of 10", MOST_EXPOSED)


def exposure(unit: Path) -> float:
    """From 0, shut away, to 10, as systemd-analyze reckons it. ValueError when it does not say."""
    command = [*ANALYZE, str(unit)]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        return read_exposure(told.stdout)
    except ValueError as error:
        raise ValueError(told.stderr.strip() or str(error)) from None


def read_exposure(told: str) -> float:
    """From the words of ANALYZE about one unit. ValueError when they do not say."""
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    if found is None:
        raise ValueError("systemd-analyze tells no exposure")
    return float(found[1])
