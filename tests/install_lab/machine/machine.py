# SPDX-License-Identifier: GPL-2.0-or-later
"""A throw-away system in an emulated computer, under the distribution's kernel and systemd, on the lab's links."""

import json
import platform
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.install_lab import contents
from tests.install_lab.failure import Failed, until
from tests.install_lab.guest import ENVIRONMENT
from tests.install_lab.machine.agent_line import Agent, Emulator, Line
from tests.install_lab.machine.image import PORT, AccessPoint
from tests.install_lab.system import put
from tests.kernel_lab import initramfs
from tests.kernel_lab.kernel_image import Kernel
from tests.kernel_lab.machine import EMULATORS
from tests.lab.node import Node
from tests.lab.patience import patient
from tests.lab.processes import Process
from tests.lab.topology import BRIDGES

HERE = Path(__file__).resolve().parent
MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4", "virtio_rng", "virtio_console")
SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
BOOT_LIMIT = 60.0  # seconds, stretched as all limits are under emulation
LIMIT = 120.0  # seconds for a command, stretched; installing takes the longest
WHOLE = "/run/whole"  # where the root file system is seen without what is mounted on it
KERNEL_OPTIONS = (
    "rdinit=/init loglevel=4 net.ifnames=0 mitigations=off nokaslr audit=0 apparmor=0 selinux=0 nowatchdog"
    " rcu_cpu_stall_suppress=1 cryptomgr.notests rcupdate.rcu_expedited=1 random.trust_cpu=on tsc=reliable"
    " systemd.show_status=no"
)


class Machine:
    """`with Machine(...) as machine: machine.run([...])`; a `System` of the story. It is gone after the block.

    `switch` is the lab's, where the emulator runs; `links` names the link behind each access point.
    """

    def __init__(
        self, disks: tuple[Path, Path], kernel: Kernel, folder: Path, log: Path, switch: Node,
        points: Sequence[tuple[AccessPoint, str]],
    ) -> None:  # fmt: skip
        self._disks = disks
        self._kernel = kernel
        self._folder = folder
        self._log = log
        self._switch = switch
        self._points = [point for point, _ in points]
        self.links = {point.name: link for point, link in points}
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _start(self) -> None:
        image = self._folder / "initramfs"
        script = (HERE / "init.sh").read_bytes()
        image.write_bytes(initramfs.build(script, b"", self._kernel.modules_for(*MODULES), SEARCH_PATH))
        for number in range(len(self._points)):
            tap = f"tap{number}"
            self._switch.ip(f"tuntap add {tap} mode tap", f"link set {tap} up")
            self._undo.callback(self._switch.run, ["ip", "link", "del", tap], check=False)
        self._wire()
        process = Process(self._switch.command(self._command(image)), self._folder / "emulator")
        self._undo.callback(process.stop, signal.SIGKILL)
        places = [self._folder / name for name in ("agent", "emulator.sock")]

        def listens() -> bool:
            if not process.is_running():
                raise Failed(f"the emulator did not start: {process.last_words(5)}")
            return all(place.exists() for place in places)

        until(listens, "the emulator listens")
        lines = [Line(place) for place in places]
        for line in lines:
            self._undo.callback(line.close)
        self._agent, self.emulator = Agent(lines[0]), Emulator(lines[1])

    def _wire(self) -> None:
        for number, point in enumerate(self._points):
            self._switch.ip(f"link set tap{number} master {BRIDGES[self.links[point.name]]}")

    def _command(self, image: Path) -> list[str]:
        kind = EMULATORS[platform.machine()]
        options = f"console={kind.console} {KERNEL_OPTIONS}"
        command = [
            kind.program, "-no-user-config", "-nodefaults", "-display", "none",
            "-machine", kind.machine, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2G",
            "-kernel", str(self._kernel.image), "-initrd", str(image), "-append", options,
            "-serial", f"file:{self._folder / 'console'}", "-device", "virtio-rng-pci",
            "-chardev", f"socket,id=agent,path={self._folder / 'agent'},server=on,wait=off",
            "-device", "virtio-serial-pci", "-device", f"virtserialport,chardev=agent,name={PORT}",
            "-qmp", f"unix:{self._folder / 'emulator.sock'},server=on,wait=off",
        ]  # fmt: skip
        for disk in self._disks:
            command += ["-drive", f"file={disk},if=virtio,format=raw,cache=unsafe"]
        for number, point in enumerate(self._points):
            command += ["-netdev", f"tap,id=net{number},ifname=tap{number},script=no,downscript=no"]
            command += ["-device", f"virtio-net-pci,netdev=net{number},mac={point.wire}"]
        return command

    # --- a computer ---------------------------------------------------------------------------------------------------

    def booted(self) -> None:
        """Returns when systemd has started everything."""
        until(self._answers, "the emulated computer answers", within=BOOT_LIMIT)
        command = ["systemctl", "is-system-running", "--wait"]
        if self.run(command, check=False).stdout.strip() not in ("running", "degraded"):
            raise Failed("systemd does not come up in the emulated computer")

    def _answers(self) -> bool:
        console = (self._folder / "console").read_text(encoding="utf-8", errors="replace")
        if "Kernel panic" in console:
            raise Failed(f"the emulated computer has broken down: {console[:800]}")
        return self._try(["true"], 10.0)

    def reboot(self) -> None:
        """Begin to start it anew; returns at the moment when it is as if it had been switched on."""
        self._try(["systemctl", "--no-block", "reboot"], 60.0)
        self.emulator.wait_for("RESET", within=patient(BOOT_LIMIT))

    def sleep(self) -> None:
        """Have logind suspend it; returns when it sleeps."""
        self.run(["systemctl", "--no-block", "suspend"])
        self.emulator.wait_for("SUSPEND", within=patient(BOOT_LIMIT))

    def wake(self) -> None:
        """Press its button."""
        self.emulator.execute("system_wakeup")
        self.emulator.wait_for("WAKEUP", within=60.0)

    def swap_links(self) -> None:
        """Let each access point lead to the link of another one."""
        first, *others = self.links.values()
        self.links = dict(zip(self.links, [*others, first], strict=True))
        self._wire()

    def last_words(self) -> None:
        """Ask it for what one wants to know in trouble, which goes to the log, if it answers."""
        commands = (
            "systemctl --failed --no-pager",
            "journalctl --boot --no-pager --lines=400",
            "ip addr",
            "ip -6 route",
        )
        for command in (each.split() for each in commands):
            answer = self._agent.ask(command, ENVIRONMENT, patient(10.0))
            if answer is None:
                return
            self._note(command, answer["status"], answer["stdout"], most=80_000)

    # --- a system -----------------------------------------------------------------------------------------------------

    def run(self, command: Sequence[str], *, check: bool = True, user: str = "") -> subprocess.CompletedProcess[str]:
        """Run it to its end, as root or another user; Failed when its status is not 0, unless `check` is off."""
        rights = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if user else []
        begun = time.monotonic()
        answer = self._agent.ask([*rights, *command], ENVIRONMENT, patient(LIMIT))
        if answer is None:
            raise Failed(f"{command[0]} did not end within {LIMIT:.0f} s")
        done = subprocess.CompletedProcess([*command], answer["status"], answer["stdout"], answer["stderr"])
        self._note(command, done.returncode, f"{done.stdout}{done.stderr}", seconds=time.monotonic() - begun)
        if check and done.returncode:
            words = (done.stderr or done.stdout)[-800:]
            raise Failed(f"{' '.join(command)} ended with {done.returncode}: {words}")
        return done

    def _try(self, command: list[str], within: float) -> bool:
        answer = self._agent.ask(command, ENVIRONMENT, within)
        return answer is not None and answer["status"] == 0

    def _note(
        self, command: Sequence[str], status: int, said: str, *, seconds: float = 0.0, most: int = 20_000
    ) -> None:
        said = said if len(said) < most else f"({len(said)} characters)\n"
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}  # {seconds:.1f} s\n{said}")
            if status:
                log.write(f"(status {status})\n")

    def write(self, place: str, text: str) -> None:
        """Write a file."""
        put(self, place, text)

    def look(self, *folders: str) -> dict[str, str]:
        """What is there, below these folders or everywhere; see `contents.look`."""
        self.run(["mkdir", "-p", WHOLE])
        self.run(["mount", "--bind", "/", WHOLE])
        try:
            names = [each.strip("/") for each in folders]
            found: dict[str, str] = json.loads(self.run(["python3", "-I", "/srv/contents.py", WHOLE, *names]).stdout)
        finally:
            self.run(["umount", WHOLE])
        return found

    def users(self) -> dict[str, tuple[str, ...]]:
        """The lines of its lists of users."""
        texts = {name: self.run(["cat", f"/etc/{name}"], check=False) for name in contents.USERS}
        return {name: tuple(done.stdout.splitlines()) for name, done in texts.items() if not done.returncode}

    def present(self, places: Sequence[str]) -> list[str]:
        """At which of these places there is something, links that lead nowhere included."""
        lines = "import os, sys; print(*filter(os.path.lexists, sys.argv[1:]), sep='\\n')"
        return self.run(["python3", "-I", "-c", lines, *places]).stdout.split()
