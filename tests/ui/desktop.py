# SPDX-License-Identifier: GPL-2.0-or-later
"""A desktop of one's own for a test: a real screen (Xvfb), window manager, session bus, tray, notifications, keyring.

    with desktop() as here:
        here.start_tray("sni")
        app = here.start_app("--bus", address)
        here.until(lambda: here.window("mnclient"), "the window")
        here.screenshot(Path("build/window.png"))

Every process ends with it, also those that a test has forgotten.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests import other_user
from tests.service.private_bus import PrivateBus, private_bus
from tests.ui.screen import Screen

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ("Xvfb", "openbox", "xdotool", "import", "dbus-daemon")
FOLDERS = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
PATIENCE = 30.0

DUNST = """\
[global]
dmenu = {chooser}
width = 128
height = 400
origin = bottom-left
offset = 2x40
"""
"""Where no window is, so that nobody clicks on a notification instead of a button."""

NOTIFICATIONS = "org.freedesktop.Notifications"
WATCHER = "org.kde.StatusNotifierWatcher"
TRAYS = {
    "xembed": (("trayer", "--edge", "bottom", "--align", "left", "--width", "100", "--height", "24", "--tint",
                "0x202020", "--transparent", "true", "--alpha", "0"),),
    "sni": (("status-notifier-watcher",), ("gtk-sni-tray-standalone", "--bottom", "--beginning", "--size", "24")),
}  # fmt: skip
"""What has to run for a tray of each kind."""


class Refused(Exception):
    """Another program on the bus answered with an error."""


class Desktop:
    """`environment` is what a program of this desktop gets."""

    def __init__(self, folder: Path, bus: PrivateBus, user: str = "") -> None:
        self.folder = folder
        self.user = user
        self.bus = bus
        self.screen: Screen | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self._tray: list[subprocess.Popen[bytes]] = []
        self.environment = self._environment()

    # --- programs ---

    def start_screen(self, width: int = 1280, height: int = 800) -> None:
        """A display, and a window manager on it."""
        reader, writer = os.pipe()
        size = f"{width}x{height}x24"
        command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", size, "-fbdir", str(self.folder),
                   "-nolisten", "tcp", "-noreset"]  # fmt: skip
        self.start(command, pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        assert number, f"Xvfb did not start: {self.log('Xvfb')}"
        self.environment["DISPLAY"] = f":{number}"
        self.screen = Screen(self.folder / "Xvfb_screen0")
        self.start(["openbox", "--sm-disable"])
        self.until(lambda: "_NET_SUPPORTING_WM_CHECK(WINDOW)" in self._properties("-root"), "the window manager")

    def start_tray(self, kind: str) -> None:
        """A place for tray icons: "xembed" or "sni"."""
        for command in TRAYS[kind]:
            self._tray.append(self.start(command))
            if command[0] == "status-notifier-watcher":
                self.until(lambda: self.has_owner(WATCHER), "the watcher")

    def stop_tray(self) -> None:
        """It goes away."""
        while self._tray:
            self.stop(self._tray.pop())

    def start_notifications(self) -> subprocess.Popen[bytes]:
        """A program that shows notifications."""
        chooser = self.folder / "chooser"  # in the place of a menu of buttons
        chooser.write_text(f'#!/bin/sh\nexec grep -F "$(cat "{self.folder}/button")"\n', encoding="utf-8")
        chooser.chmod(0o755)
        settings = self.folder / "dunstrc"
        settings.write_text(DUNST.format(chooser=chooser), encoding="utf-8")
        process = self.start(["dunst", "-config", str(settings), "-print"])
        self.until(lambda: self.has_owner(NOTIFICATIONS), "dunst")
        return process

    def start_keyring(self, password: str = "open sesame") -> None:
        """A Secret Service, unlocked."""
        process = self.start(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"], stdin=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(password.encode())
        process.stdin.close()
        self.until(lambda: self.has_owner("org.freedesktop.secrets"), "the keyring")

    def start_app(self, *arguments: str, module: str = "ui", **environment: str) -> subprocess.Popen[bytes]:
        """The tray app; "tests.ui.bare_app" is one with empty windows."""
        return self.start([sys.executable, "-m", module, *arguments], **environment)

    def run_app(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """The tray app, where it is expected to end by itself."""
        command = [sys.executable, "-m", "ui", *arguments]
        chosen = self._chosen(environment)
        return subprocess.run(
            self._as_user(command), cwd=ROOT, env=chosen, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def start(self, command: Sequence[str], *, pass_fds=(), stdin=subprocess.DEVNULL, **environment: str):
        """A program of this desktop; an empty variable is taken away."""
        chosen = self._chosen(environment)
        with (self.folder / f"{Path(command[0]).name}.log").open("ab") as log:
            process = subprocess.Popen(
                self._as_user(command), cwd=ROOT, env=chosen, stdin=stdin, stdout=log, stderr=log, pass_fds=pass_fds
            )
        self._processes.append(process)
        return process

    def _as_user(self, command: Sequence[str]) -> list[str]:
        if not self.user:
            return list(command)
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", *command]

    def _chosen(self, environment: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in {**self.environment, **environment}.items() if value}

    def stop(self, process: "subprocess.Popen[bytes]", how: int = signal.SIGTERM) -> int:
        """End it; its exit status."""
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            if process in self._processes:
                self._processes.remove(process)

    def close(self) -> None:
        """End everything, the screen last."""
        for process in reversed(self._processes.copy()):
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        if self.screen:
            self.screen.close()

    def log(self, program: str = "") -> str:
        """What a program has written; without a name, the tray app, with what it has kept of its faults."""
        kept = self.folder / "xdg_state_home" / "mnclient" / "tray-faults.log"
        files = [self.folder / f"{program or Path(sys.executable).name}.log", *([] if program else [kept])]
        return "".join(each.read_text(encoding="utf-8", errors="replace") for each in files if each.exists())

    # --- eyes and hands ---

    def until(self, seen: Callable[[], T], what: str, within: float = PATIENCE) -> T:
        """What is seen, as soon as it is."""
        end = time.monotonic() + within
        while not (found := seen()):
            assert time.monotonic() < end, f"{what} did not come within {within:g} s\n{self.log()}"
            time.sleep(0.02)
        return found

    def settled(self, x: int, y: int, width: int, height: int, still: float = 0.3) -> bytes:
        """The octets of a rectangle that has not changed for a while."""
        last, since = self.screen.part(x, y, width, height), time.monotonic()

        def is_still() -> bool:
            nonlocal last, since
            now = self.screen.part(x, y, width, height)
            if now != last:
                last, since = now, time.monotonic()
            return time.monotonic() - since >= still

        self.until(is_still, "a picture that stays")
        return last

    def screenshot(self, file: Path) -> Path:
        """The whole screen as a picture."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.run("import", "-window", "root", str(file))
        return file

    def run(self, *command: str) -> str:
        """What a program of this desktop prints; "" when it fails."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        return done.stdout if done.returncode == 0 else ""

    def windows(self, title: str = "") -> list[str]:
        """The windows on the screen whose title has this in it."""
        return self.run("xdotool", "search", "--onlyvisible", "--name", title or ".+").split()

    def window(self, title: str) -> str:
        """The first of them, or ""."""
        return next(iter(self.windows(title)), "")

    def place(self, window: str) -> tuple[int, int, int, int]:
        """x, y, width, height."""
        lines = self.run("xdotool", "getwindowgeometry", "--shell", window).splitlines()
        values = dict(line.split("=") for line in lines)
        return tuple(int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    def click(self, x: int, y: int, button: int = 1) -> None:
        """A click of the mouse."""
        self.run("xdotool", "mousemove", "--sync", str(x), str(y))
        self.run("xdotool", "click", str(button))

    def drag(self, begin: tuple[int, int], end: tuple[int, int], steps: int = 12) -> None:
        """Take hold of something, move it, let it go."""
        (x, y), (to_x, to_y) = begin, end
        self.run("xdotool", "mousemove", "--sync", str(x), str(y), "mousedown", "1")
        for step in range(1, steps + 1):
            at = (x + (to_x - x) * step // steps, y + (to_y - y) * step // steps)
            self.run("xdotool", "mousemove", "--sync", str(at[0]), str(at[1]))
        self.run("xdotool", "mouseup", "1")

    def key(self, *names: str) -> None:
        """Keys, one after the other, as xdotool names them: "Return", "ctrl+q"."""
        self.run("xdotool", "key", *names)

    def type(self, text: str) -> None:
        """Letters."""
        self.run("xdotool", "type", "--delay", "5", text)

    def _properties(self, *what: str) -> str:
        return self.run("xprop", *what)

    # --- the session bus ---

    def call(self, destination: str, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:
        """The results of a method; one result alone."""
        message = Message(
            destination=destination, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        reply = asyncio.run(self._exchange(message))
        if reply.message_type is MessageType.ERROR:
            raise Refused(f"{reply.error_name}: {reply.body}")
        return reply.body[0] if len(reply.body) == 1 else reply.body

    async def _exchange(self, message: Message) -> Message:
        bus = await MessageBus(bus_address=self.bus.address).connect()
        try:
            async with asyncio.timeout(PATIENCE):
                return await bus.call(message)
        finally:
            bus.disconnect()
            await bus.wait_for_disconnect()

    def shout(self, interface: str, member: str, signature: str = "", *body: Any) -> None:
        """A signal to everybody."""

        async def send() -> None:
            bus = await MessageBus(bus_address=self.bus.address).connect()
            await bus.send(
                Message(message_type=MessageType.SIGNAL, path="/x", interface=interface, member=member,
                        signature=signature, body=list(body))
            )  # fmt: skip
            bus.disconnect()
            await bus.wait_for_disconnect()

        asyncio.run(send())

    def get(self, destination: str, path: str, interface: str, name: str) -> Any:
        """A property."""
        return self.call(destination, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name).value

    def has_owner(self, name: str) -> bool:
        """Whether somebody on the session bus has this name."""
        daemon = "org.freedesktop.DBus"
        return bool(self.call(daemon, "/org/freedesktop/DBus", daemon, "NameHasOwner", "s", name))

    def notification_texts(self) -> str:
        """What dunst has shown so far."""
        return self.log("dunst")

    def press_on_notification(self, button: str) -> None:
        """Press this button on the newest notification."""
        (self.folder / "button").write_text(button, encoding="utf-8")
        self.run("dunstctl", "context")

    def tray_item(self) -> str:
        """Who has an icon in a tray of the newer kind: a name on the bus, "" for nobody."""
        if not self.has_owner(WATCHER):
            return ""
        try:
            items = self.get(WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisteredStatusNotifierItems")
        except Refused:
            return ""  # it has its name, and nothing yet that answers
        return items[0].split("/")[0] if items else ""

    def tooltip(self) -> str:
        """What the icon says."""
        item = "org.kde.StatusNotifierItem"
        return self.get(self.tray_item(), "/StatusNotifierItem", item, "ToolTip")[2]

    def tray_menu(self) -> dict[str, int]:
        """The entries that can be seen, and their numbers; one that cannot be chosen is in brackets."""
        _, (_, _, entries) = self.call(
            self.tray_item(), "/MenuBar", "com.canonical.dbusmenu", "GetLayout", "iias", 0, -1, []
        )
        menu = {}
        for number, properties, _ in (entry.value for entry in entries):
            values = {name: value.value for name, value in properties.items()}
            if values.get("visible", True) and values.get("type") != "separator":
                label = values["label"].replace("_", "")
                menu[label if values.get("enabled", True) else f"[{label}]"] = number
        return menu

    def choose(self, label: str) -> None:
        """Choose an entry of the menu."""
        number = self.tray_menu()[label]
        event = ("clicked", Variant("i", 0), 0)
        self.call(self.tray_item(), "/MenuBar", "com.canonical.dbusmenu", "Event", "isvu", number, *event)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TZ", "PYTHONPATH")}
        folders = {name: str(self.folder / name.lower()) for name in FOLDERS}
        for place in folders.values():
            Path(place).mkdir(mode=0o700)
            if self.user:
                shutil.chown(place, self.user, self.user)
        return {
            **kept,
            **folders,
            "LANG": "C.UTF-8",
            "DBUS_SESSION_BUS_ADDRESS": self.bus.address,
            "QT_QPA_PLATFORM": "xcb",
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
        }


@contextmanager
def desktop(width: int = 1280, height: int = 800, user: str = "") -> Iterator[Desktop]:
    """A running desktop, without tray, notifications and keyring. `user`: whose programs run on it (as root only)."""
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        pytest.skip(f"not installed: {', '.join(missing)} (make setup-tray)")
    if user and (reason := other_user.why_not()):
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="mnclient-desktop-"))
    with private_bus(kind="session") as bus:
        if user:
            shutil.chown(folder, user, user)
        here = Desktop(folder, bus, user)
        try:
            here.start_screen(width, height)
            yield here
        finally:
            here.close()
            shutil.rmtree(folder, ignore_errors=True)
