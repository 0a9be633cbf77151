# SPDX-License-Identifier: GPL-2.0-or-later
"""The real polkitd for a bus of the lab: it sees our action file and the rules of the test, and nothing else.

A caller counts as an active local user only in a login session, and the lab has none; so a rule plays it.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.bus import Bus
from tests.lab.processes import ROOT, Process

PROGRAM = Path("/usr/lib/polkit-1/polkitd")
NAME = "org.freedesktop.PolicyKit1"

SCRIPT = """
set -e
mount --bind {folder}/actions /usr/share/polkit-1/actions
for rules in /etc/polkit-1/rules.d /usr/share/polkit-1/rules.d /etc/polkit-1/localauthority; do
  if [ -d "$rules" ]; then mount --bind {folder}/empty "$rules"; fi
done
mount --bind {folder}/rules /etc/polkit-1/rules.d
exec {program} --no-debug
"""

ACTIVE_LOCAL_USER = """
polkit.addRule(function(action, subject) {{
  if (subject.user == "{user}" && {allowed}.indexOf(action.id) >= 0) {{ return polkit.Result.YES; }}
}});
"""


def as_if_local(user: str, *actions: str) -> str:
    """The rule that lets a user do these actions without asking."""
    return ACTIVE_LOCAL_USER.format(user=user, allowed=str(list(actions)).replace("'", '"'))


class Polkit:
    """One polkitd, in a mount namespace of its own."""

    def __init__(self, bus: Bus, rules: str) -> None:
        self._bus = bus
        self._folder = bus.node.folder / f"{bus.node.name}-polkit"
        self._process: Process | None = None
        self._rules = rules

    def start(self) -> None:
        """Start it. It answers once `is_ready`."""
        for name in ("actions", "rules", "empty"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
            (self._folder / name).chmod(0o755)
        shutil.copy(ROOT / "installer/polkit/org.mnclient.policy", self._folder / "actions")
        self.set_rules(self._rules)
        script = SCRIPT.format(folder=self._folder, program=PROGRAM)
        self._process = Process(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
            self._folder / "polkitd.log",
            environment=os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": self._bus.address},
        )

    def set_rules(self, rules: str) -> None:
        """Change the rules; polkitd notices by itself."""
        (self._folder / "rules/10-lab.rules").write_text(rules, encoding="utf-8")

    def is_ready(self) -> bool:
        """True once it is on the bus."""
        command = ["busctl", f"--address={self._bus.address}", "--no-pager", "call", "org.freedesktop.DBus", "/",
                   "org.freedesktop.DBus", "NameHasOwner", "s", NAME]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == "b true"

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.stop()
            self._process = None
