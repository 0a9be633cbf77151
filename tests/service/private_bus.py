# SPDX-License-Identifier: GPL-2.0-or-later
"""A message bus of one's own for a test: a real dbus-daemon that knows no other service and starts none."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.auth import AuthExternal

CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{kind}</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
  {more}
</busconfig>
"""


class PrivateBus:
    """`address` can be connected to while `start`ed. It can be stopped, and started again at the same address."""

    def __init__(self, folder: Path, kind: str, more: str) -> None:
        self.folder = folder
        self.socket = folder / "bus"
        self.address = f"unix:path={self.socket}"
        self._configuration = folder / "bus.conf"
        self._configuration.write_text(CONFIGURATION.format(kind=kind, socket=self.socket, more=more))
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [
            "dbus-daemon",
            f"--config-file={self._configuration}",
            "--nofork",
            "--print-address=1",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("unix:"), "dbus-daemon did not start"

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.communicate()
            self._process = None
            self.socket.unlink(missing_ok=True)


@contextmanager
def private_bus(*, kind: str = "custom", more: str = "") -> Iterator[PrivateBus]:
    """A running bus; `more` is further configuration, such as policies."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("dbus-daemon is not installed")
    folder = Path(tempfile.mkdtemp(prefix="mnclient-bus-"))
    folder.chmod(0o755)
    bus = PrivateBus(folder, kind, more)
    try:
        bus.start()
        yield bus
    finally:
        bus.stop()
        shutil.rmtree(folder)


async def connect_as(address: str, user: int) -> MessageBus:
    """A connection that the bus takes for another user's. Only root can do this; otherwise the test skips."""
    if os.geteuid() != 0:
        pytest.skip("only root can call as another user")
    bus = MessageBus(bus_address=address, auth=AuthExternal(uid=user))
    os.seteuid(user)  # the kernel notes the user of a socket when it connects
    try:
        return await bus.connect()
    finally:
        os.seteuid(0)
