# SPDX-License-Identifier: GPL-2.0-or-later
"""The story in an emulated computer (`tools/test-install --init machine`)."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.install_lab.failure import Failed
from tests.install_lab.guest import Guest
from tests.install_lab.login import PICTURE, FirstLogin
from tests.install_lab.machine import image
from tests.install_lab.machine.abroad import POINTS, Abroad
from tests.install_lab.machine.hardships import Hardships
from tests.install_lab.machine.machine import Machine
from tests.install_lab.machine.wifi import NewStart, Sleep, WifiTour
from tests.install_lab.result import Result
from tests.install_lab.root import CACHE, NoRoot, throw_away_root
from tests.install_lab.service import BySystemd
from tests.install_lab.story import Part, Story
from tests.install_lab.system import furnish, install
from tests.kernel_lab import kernel_image
from tests.kernel_lab.machine import CACHE as KERNELS
from tests.kernel_lab.machine import why_not
from tests.kernel_lab.probe import EMULATED
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.routers import SLOW

CONSOLE = CACHE / "console.log"


def why_no_machine() -> str:
    """Why no computer can be emulated here, in one sentence; "" when it can."""
    if reason := why_not():
        return reason
    missing = [name for name in ("/sbin/mke2fs", "convert") if shutil.which(name) is None]
    return f"Programs are missing: {', '.join(missing)} (tools/setup tray)" if missing else ""


def try_in_machine(
    packages: Path, log: Path, old: Sequence[Path], new: Sequence[Path], result: Result, part: Part
) -> None:
    """Furnish a system, boot it, and live through the story; `packages` has the old and the new ones."""
    os.environ[EMULATED] = "1"  # limits are stretched: one of the machines of the lab is an emulated one
    try:
        kernel = kernel_image.find(KERNELS)
    except kernel_image.NoKernel as error:
        raise NoRoot(str(error)) from error
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="mninstall-machine-")))
        print("a system is furnished ...", flush=True)
        root = _system(folder, packages, log, old, is_installed=part.is_installed_already)
        disks = (root, image.modules_disk(kernel, CACHE))
        lab = undo.enter_context(Lab(pace=SLOW))  # each advertisement is heard by two managers, emulated
        roaming = Roaming(lab)
        roaming.start_home_agent()
        undo.callback(_keep_console, folder)
        machine = undo.enter_context(Machine(disks, kernel, folder, log, lab.nodes["switch"], POINTS))
        print("the emulated computer starts ...", flush=True)
        machine.booted()
        abroad = Abroad(machine, roaming)
        journeys = (
            WifiTour(abroad), Sleep(abroad), Hardships(abroad), NewStart(abroad), FirstLogin(machine, PICTURE),
        )  # fmt: skip
        story = Story(machine, BySystemd(machine), journeys, list(old), list(new), result, is_brief=True)
        try:
            story.tell(part)
        except Failed:
            machine.last_words()
            raise


def _system(folder: Path, packages: Path, log: Path, old: Sequence[Path], *, is_installed: bool) -> Path:
    """The disk with the system. It is furnished in namespaces, where that does not take minutes."""
    with throw_away_root(*image.PACKAGES) as root:
        with Guest(root, packages, log) as guest:
            furnish(guest, old, ())
            if is_installed:
                install(guest, old)
        image.furnish_root(root, [point for point, _ in POINTS], packages)
        return image.root_disk(root, folder / "root.ext4")


def _keep_console(folder: Path) -> None:
    if (folder / "console").exists():
        shutil.copy(folder / "console", CONSOLE)
