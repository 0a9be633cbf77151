# SPDX-License-Identifier: GPL-2.0-or-later
"""A real keyring under a private session bus: GNOME Keyring's daemon, with nobody there to unlock it."""

import os
import signal
import subprocess
import time
from pathlib import Path

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""  # no folder of services: nothing is started by being asked for
PASSWORD = b"a password of the tests"
PATIENCE = 20.0


class SecretServiceBus:
    """A bus, and on it a keyring when `start_keyring` was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"unix:path={folder / 'bus'}"
        config = folder / "bus.conf"
        config.write_text(_CONFIG.format(socket=folder / "bus"), encoding="utf-8")
        self._processes: list[subprocess.Popen[bytes]] = []
        self.bus = self._run(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"])
        self._until(lambda: (folder / "bus").exists())
        self.keyring: subprocess.Popen[bytes] | None = None

    def start_keyring(self) -> None:
        """A keyring that is unlocked."""
        self.keyring = self._run(["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"], PASSWORD)
        self._until(self._is_there)

    def lock(self) -> None:
        """Lock all of the keyring."""
        self._call("/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "Lock", "ao", "1", _COLLECTION)

    def stop_keyring(self) -> None:
        """The keyring crashes."""
        assert self.keyring is not None
        self.keyring.kill()
        self.keyring.wait()

    def freeze_keyring(self) -> None:
        """The keyring is there, and never answers."""
        assert self.keyring is not None
        self.keyring.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End what was started."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def _is_there(self) -> bool:
        found = self._busctl("status", "org.freedesktop.secrets")
        return found.returncode == 0 and (self.folder / "data" / "keyrings" / "login.keyring").exists()

    def _call(self, *arguments: str) -> None:
        self._busctl("call", "org.freedesktop.secrets", *arguments).check_returncode()

    def _busctl(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["busctl", f"--address={self.address}", *arguments], capture_output=True, timeout=PATIENCE
        )

    def _run(self, command: list[str], text: bytes | None = None) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_RUNTIME_DIR": str(self.folder),
        }
        environment.pop("DISPLAY", None)
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if text is not None and process.stdin is not None:
            process.stdin.write(text)
            process.stdin.close()
        self._processes.append(process)
        return process

    def _until(self, is_so) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > end:
                self.stop()
                raise TimeoutError("the private session bus did not come up")
            time.sleep(0.02)


_COLLECTION = "/org/freedesktop/secrets/collection/login"
