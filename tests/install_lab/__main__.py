# SPDX-License-Identifier: GPL-2.0-or-later
"""`tools/test-install`: the packages of build/deb in a throw-away Debian. Needs root.

Exit status: 0 when everything held, 1 when something did not, 2 when it cannot be tried here. The result is also in
build/test-install.json (of a virtual machine in build/test-install-machine.json), what every command said in
build/install/log.txt (or machine-log.txt there).
"""

import argparse
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from tests.checkout import BUILD
from tests.install_lab.failure import Failed
from tests.install_lab.guest import Guest
from tests.install_lab.journey import CableTour
from tests.install_lab.login import PACKAGES as LOGIN_PACKAGES
from tests.install_lab.login import PICTURE, FirstLogin
from tests.install_lab.machine.trial import try_in_machine, why_no_machine
from tests.install_lab.managers import MANAGERS
from tests.install_lab.packages import raise_version
from tests.install_lab.result import MACHINE_RESULT, RESULT, Result, digest
from tests.install_lab.root import CACHE, PROGRAMS, NoRoot, throw_away_root
from tests.install_lab.service import ByHand, BySystemd
from tests.install_lab.story import PACKAGES, WHOLE, Part, Story
from tests.install_lab.system import furnish, install
from tests.lab.lab import Lab, write_json

NONE, SYSTEMD, MACHINE = "none", "systemd", "machine"
LOGS = {MACHINE: CACHE / "machine-log.txt"}
OTHER_LOG = CACHE / "log.txt"


def main() -> int:
    """Try it; the exit status."""
    options = parse_arguments()
    reason = why_not(options.packages) or (why_no_machine() if options.init == MACHINE else "")
    if reason:
        print(reason, file=sys.stderr)
        return 2
    CACHE.mkdir(parents=True, exist_ok=True)
    log = LOGS.get(options.init, OTHER_LOG)
    log.write_text("", encoding="utf-8")
    result = Result(kind=options.init, manager=options.manager)
    try:
        run(options, log, result)
    except NoRoot as error:
        print(f"There is no system to install it in: {error}", file=sys.stderr)
        return 2
    except Failed as error:
        result.failure = str(error)
    is_whole = options.part == WHOLE
    if is_whole:
        file = MACHINE_RESULT if options.init == MACHINE else RESULT
        write_json(file, asdict(result) | {"ok": not result.failure})
    if result.failure:
        print(f"FAILED: {result.failure}\nMore is in {log}.", file=sys.stderr)
        return 1
    seconds = sum(step["seconds"] for step in result.steps)
    if not is_whole:
        print(f"These steps held, in {seconds:.0f} s. It was a part, so no result is kept.")
        return 0
    print(
        f"Installed, used, upgraded, removed and purged in {seconds:.0f} s; nothing was left but the name of its user."
    )
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("tools/test-install", description="Install, use, upgrade and remove the packages.")
    parser.add_argument("--packages", type=Path, default=BUILD / "deb", metavar="DIR", help="default: build/deb")
    words = "its first program (default: none); or an emulated laptop with radios (a quarter of an hour)"
    parser.add_argument("--init", choices=(NONE, SYSTEMD, MACHINE), default=NONE, help=words)
    words = f"who manages its network, with --init systemd: {', '.join(MANAGERS)} (default: nobody)"
    parser.add_argument("--manager", choices=[*MANAGERS], default="", metavar="NAME", help=words)
    words = "begin with this step, by its number; the packages are installed already. No result is kept of a part"
    parser.add_argument("--from", dest="first", type=int, default=WHOLE.first, metavar="N", help=words)
    parser.add_argument("--to", dest="last", type=int, default=WHOLE.last, metavar="N", help="end after this step")
    options = parser.parse_args()
    options.part = Part(options.first, options.last)
    if options.part != WHOLE and options.init == NONE:
        parser.error("a part of it, begun in the middle, needs who starts the service: --init systemd or machine")
    if options.first < 1 or options.last < 0:
        parser.error("steps are counted from 1")
    if options.manager and options.init != SYSTEMD:
        parser.error("only systemd starts those who manage networks: --init systemd")
    return options


def why_not(packages: Path) -> str:
    """Why it cannot be tried here, in one sentence; "" when it can."""
    if os.geteuid() != 0:
        return "Only root can install packages, even into a folder: run sudo tools/test-install"
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        return f"Programs are missing: {', '.join(missing)} (tools/setup install)"
    if len(list(packages.glob("*.deb"))) != len(PACKAGES):
        return f"There are no packages in {packages}: make deb"
    return ""


def run(options: argparse.Namespace, log: Path, result: Result) -> None:
    """All of it, into the result."""
    old = [next(options.packages.glob(f"{name}_*.deb")) for name in PACKAGES]
    result.packages = {each.name: digest(each) for each in old}
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="mninstall-packages-")))
        folder.chmod(0o755)  # apt reads them as a user of its own
        new = [raise_version(each, folder) for each in old]
        for each in old:
            shutil.copy(each, folder)
        if options.init == MACHINE:
            try_in_machine(folder, log, old, new, result, options.part)
            return
        root = undo.enter_context(throw_away_root())
        lab = undo.enter_context(Lab()) if options.init == SYSTEMD else None
        guest = undo.enter_context(Guest(root, folder, log, systemd=lab is not None, network=lab and lab.laptop))
        manager = MANAGERS.get(options.manager)
        print("what the packages depend on is installed ...", flush=True)
        furnish(guest, old, (*(manager.packages if manager else ()), *(LOGIN_PACKAGES if lab else ())))
        if options.part.is_installed_already:
            install(guest, old)
        journeys = [CableTour(guest, lab, manager), FirstLogin(guest, PICTURE)] if lab else []
        Story(guest, BySystemd(guest) if lab else ByHand(guest), journeys, old, new, result).tell(options.part)


if __name__ == "__main__":
    sys.exit(main())
