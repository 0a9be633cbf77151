# SPDX-License-Identifier: GPL-2.0-or-later
"""A system bus for each machine of the lab: a real dbus-daemon on a socket of its own."""

from tests.lab.node import Node
from tests.lab.processes import ROOT, Process

HEAD = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
"""

OPEN = (
    HEAD
    + """\
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" send_requested_reply="true"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow receive_sender="*" receive_requested_reply="true"/>
  </policy>
</busconfig>
"""
)
"""Everybody may everything."""

GUARDED = (
    HEAD
    + """\
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>{root}/installer/dbus/org.mnclient.MobileNode1.conf</include>
  <include ignore_missing="yes">/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf</include>
</busconfig>
"""
)
"""As distributions set up the system bus, with our own policy file and polkit's."""


class Bus:
    """A private bus. A socket in the file system crosses network namespaces, which an abstract one would not."""

    def __init__(self, node: Node, configuration: str = OPEN) -> None:
        self.node = node
        self._configuration = configuration
        self.socket = node.folder / f"{node.name}-bus"
        self._process: Process | None = None

    @property
    def address(self) -> str:
        """What to give to `--bus`."""
        return f"unix:path={self.socket}"

    def start(self) -> None:
        """Start it. It answers once `is_ready`."""
        file = self.node.folder / f"{self.node.name}-bus.conf"
        file.write_text(self._configuration.format(socket=self.socket, root=ROOT), encoding="ascii")
        command = ["dbus-daemon", f"--config-file={file}", "--nofork", "--nopidfile", "--nosyslog"]
        self._process = self.node.popen(command, log="dbus")

    def is_ready(self) -> bool:
        """True once clients can connect."""
        return self.socket.exists()

    def stop(self) -> None:
        """End it; the services on it notice."""
        if self._process is not None:
            self._process.stop()
            self._process = None
