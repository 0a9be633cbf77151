# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine that runs one command on the host's file system, under another kernel.

The processor is emulated: that works everywhere, also inside another virtual machine, and needs no right to anything.
Both sides see the folder of the run (below build/kernel): `started` and `alive` are the guest's signs of life, `stdout`
and `stderr` what the command says, `status` its exit status.
"""

import compileall
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from tests.kernel_lab import initramfs, kernel_image
from tests.kernel_lab.probe import EMULATED
from tests.lab.processes import ROOT, Process

BUILD = ROOT / "build"
CACHE = BUILD / "kernel"
CONSOLE = CACHE / "console.log"  # of the machine that ended last
PYTEST_LOG = CACHE / "pytest.log"  # what the pytest in it said
HERE = Path(__file__).resolve().parent

PACKAGES = ("mnclient", "service", "tests", "ui")

BOOT_LIMIT = 300.0  # seconds; measured: 15 to 30 on an idle machine
SILENCE_LIMIT = 120.0  # seconds; the guest gives a sign of life every five
POLL = 0.05

MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_rng")
ENVIRONMENT = frozenset("PATH LANG LC_ALL TERM COLUMNS NO_COLOR FORCE_COLOR CI DATAPATH PYTEST_ADDOPTS".split())


@dataclass(frozen=True)
class Emulator:
    """How qemu emulates a computer of this kind."""

    program: str
    machine: str
    console: str


# The second one has been read about, not run.
EMULATORS = {
    "x86_64": Emulator("qemu-system-x86_64", "pc,usb=off", "ttyS0"),
    "aarch64": Emulator("qemu-system-aarch64", "virt,gic-version=3", "ttyAMA0"),
}


class Broken(Exception):
    """The machine did not do its work; the message is one sentence."""


def why_not() -> str:
    """Why no machine can be started here, in one sentence; "" when it can."""
    emulator = EMULATORS.get(platform.machine())
    if emulator is None:
        return f"The kernel lab has no virtual machine for a {platform.machine()}"
    missing = [name for name in (emulator.program, "depmod") if not shutil.which(name, path=_search_path())]
    return f"The kernel lab needs programs that are not installed: {', '.join(missing)}" if missing else ""


def _search_path() -> str:
    return os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"


class Machine:
    """`with Machine() as machine: machine.start([...]); machine.wait()`. It is gone after the block, come what may."""

    def __init__(self, output: BinaryIO | None = None, errors: BinaryIO | None = None) -> None:
        self._targets = {"stdout": output or sys.stdout.buffer, "stderr": errors or sys.stderr.buffer}
        self._undo = ExitStack()
        self._sources: dict[str, BinaryIO] = {}
        self._process: Process | None = None
        self._deadline = 0.0
        self.folder = Path()

    def __enter__(self) -> Self:
        CACHE.mkdir(parents=True, exist_ok=True)
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"run-{os.getpid()}-", dir=CACHE))
        self._undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._undo.callback(self._keep_console)
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _keep_console(self) -> None:
        if (self.folder / "console").exists():
            (self.folder / "console").replace(CONSOLE)

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Switch the machine on; it will run the command as root, from the top of the checkout."""
        if reason := why_not():
            raise Broken(reason)
        try:
            self._start(kernel_image.find(CACHE), command, environment or {})
        except (kernel_image.NoKernel, OSError, subprocess.SubprocessError) as error:
            raise Broken(f"The virtual machine cannot be started: {error}") from error

    def _start(self, kernel: kernel_image.Kernel, command: Sequence[str], environment: Mapping[str, str]) -> None:
        for name in self._targets:
            (self.folder / name).touch()
            self._sources[name] = self._undo.enter_context((self.folder / name).open("rb"))
        shutil.copy(HERE / "guest_main.sh", self.folder)
        (self.folder / "command.sh").write_text(self._script(command, environment), encoding="utf-8")
        (self.folder / "initramfs").write_bytes(self._first_file_system(kernel))
        _compile()
        self._process = Process(self._qemu(kernel), self.folder / "qemu")
        self._undo.callback(self._process.stop)
        self._deadline = time.monotonic() + BOOT_LIMIT

    def _script(self, command: Sequence[str], environment: Mapping[str, str]) -> str:
        kept = {
            name: value for name, value in os.environ.items() if name in ENVIRONMENT or name.startswith("MNCLIENT_")
        }
        # unbuffered: what the command says is to be seen while it runs
        settings = {"HOME": "/root", "PYTHONUNBUFFERED": "1", **kept, **environment, EMULATED: "1"}
        lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
        same = "2>&1" if self._is_one_stream() else ""  # so that the order of lines is kept
        return "\n".join([*lines, f"cd {shlex.quote(str(ROOT))}", f"exec {shlex.join(command)} {same}", ""])

    def _is_one_stream(self) -> bool:
        try:
            one, other = (os.fstat(stream.fileno()) for stream in self._targets.values())
        except OSError:
            return False
        return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)

    def _first_file_system(self, kernel: kernel_image.Kernel) -> bytes:
        places = {"checkout": ROOT, "build": BUILD, "modules": kernel.modules, "run": self.folder}
        settings = "".join(f"{name}={shlex.quote(str(place))}\n" for name, place in places.items())
        script = (HERE / "guest_init.sh").read_bytes()
        return initramfs.build(script, settings.encode(), kernel.modules_for(*MODULES), _search_path())

    def _qemu(self, kernel: kernel_image.Kernel) -> list[str]:
        emulator = EMULATORS[platform.machine()]
        share = "local,security_model=none,multidevs=remap"
        return [
            emulator.program, "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot",
            "-machine", emulator.machine, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2G",
            "-kernel", str(kernel.image), "-initrd", str(self.folder / "initramfs"),
            "-append", _kernel_command_line(emulator),
            "-serial", f"file:{self.folder / 'console'}",
            "-device", "virtio-rng-pci",
            "-fsdev", f"{share},id=host,path=/,readonly=on", "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
            "-fsdev", f"{share},id=build,path={BUILD}", "-device", "virtio-9p-pci,fsdev=build,mount_tag=build",
        ]  # fmt: skip

    # --- while it runs ------------------------------------------------------------------------------------------------

    def wait(self) -> int:
        """The command's exit status, when it has ended; its output is passed on until then."""
        while (status := self.poll()) is None:
            pass
        return status

    def poll(self) -> int | None:
        """Pass on what the command has said; its exit status, or None while it runs, after a moment."""
        assert self._process is not None
        running = self._process.is_running()
        self._pass_on()
        if not running:
            return self._status()
        self._watch()
        time.sleep(POLL)
        return None

    def _pass_on(self) -> None:
        for name, source in self._sources.items():
            if data := source.read():
                self._targets[name].write(data)
                self._targets[name].flush()

    def _watch(self) -> None:
        alive, started = self.folder / "alive", (self.folder / "started").exists()
        if started and alive.exists():
            latest = time.monotonic() + SILENCE_LIMIT
            is_fresh = time.time() - alive.stat().st_mtime < SILENCE_LIMIT
            self._deadline = latest if is_fresh else min(self._deadline, latest)  # what is up boots no more
        if time.monotonic() > self._deadline:
            what = "has hung" if started else f"did not come up within {BOOT_LIMIT:.0f} s"
            raise Broken(f"The virtual machine {what}: see {CONSOLE.relative_to(ROOT)}")

    def _status(self) -> int:
        status = self.folder / "status"
        if status.exists():
            return int(status.read_text())
        assert self._process is not None
        if not (self.folder / "console").exists():
            raise Broken(f"qemu did not start: {self._process.last_words(1)}")
        when = "while the command ran" if (self.folder / "started").exists() else "before it was up"
        raise Broken(f"The virtual machine broke down {when}: see {CONSOLE.relative_to(ROOT)}")


def _compile() -> None:
    """Our modules, here: emulated it would take minutes, and be done anew in each machine."""
    for package in PACKAGES:
        compileall.compile_dir(str(ROOT / package), quiet=2)


def _is_kept(name: str) -> bool:
    return name in ENVIRONMENT or name.startswith("MNCLIENT_")


def _kernel_command_line(emulator: Emulator) -> str:
    options = f"console={emulator.console} rdinit=/init panic=-1 oops=panic loglevel=5"
    # what costs time under emulation and is of no use here
    spared = (
        "mitigations=off nokaslr audit=0 apparmor=0 selinux=0 nowatchdog rcu_cpu_stall_suppress=1 cryptomgr.notests"
    )
    # namespaces are made and deleted all the time; each would wait for grace periods, which emulation draws out
    return f"{options} {spared} rcupdate.rcu_expedited=1 random.trust_cpu=on tsc=reliable"


@contextmanager
def for_pytest() -> Iterator[Machine]:
    """A machine whose output goes to a file."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with PYTEST_LOG.open("wb") as log, Machine(log, log) as machine:
        yield machine


def _sweep() -> None:
    """Remove what runs that were killed have left."""
    for folder in CACHE.glob("run-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            shutil.rmtree(folder, ignore_errors=True)
