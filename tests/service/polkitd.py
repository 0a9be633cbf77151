# SPDX-License-Identifier: GPL-2.0-or-later
"""The real polkitd on a private bus, with our action file, one file of rules, and nothing else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.service.private_bus import PrivateBus, private_bus

POLKITD = Path("/usr/lib/polkit-1/polkitd")
POLICY = ROOT / "installer/polkit/org.mnclient.policy"

SCRIPT = """
set -e
mount --bind {folder}/actions /usr/share/polkit-1/actions
mkdir -p {folder}/empty
for rules in /etc/polkit-1/rules.d /usr/share/polkit-1/rules.d /etc/polkit-1/localauthority; do
  if [ -d "$rules" ]; then mount --bind {folder}/empty "$rules"; fi
done
mount --bind {folder}/rules /etc/polkit-1/rules.d
export DBUS_SYSTEM_BUS_ADDRESS={address}
{polkitd} --no-debug >{folder}/polkitd.log 2>&1 &
polkitd=$!
trap 'kill $polkitd' EXIT
{python} {folder}/inside.py {address}
"""


@pytest.fixture
def polkit_bus() -> Iterator[PrivateBus]:
    """A system bus for a polkitd, where one can be run."""
    if os.geteuid() != 0:
        pytest.skip("a private polkitd needs root")
    if not POLKITD.exists() or not shutil.which("unshare"):
        pytest.skip("polkitd or unshare is not installed")
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("mount namespaces are not allowed here")
    with private_bus(kind="system") as bus:
        yield bus


def decided(bus: PrivateBus, rules: str, inside: str) -> str:
    """What the program `inside` prints, which gets the address of the bus, while polkitd decides by these rules."""
    folder = bus.folder
    for name in ("actions", "rules", "empty"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    shutil.copy(POLICY, folder / "actions")
    (folder / "rules/50-test.rules").write_text(rules, encoding="utf-8")
    (folder / "inside.py").write_text(inside, encoding="utf-8")
    script = SCRIPT.format(folder=folder, address=bus.address, polkitd=POLKITD, python=sys.executable)
    result = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    log = (folder / "polkitd.log").read_text() if (folder / "polkitd.log").exists() else ""
    assert result.returncode == 0, result.stderr + log
    return result.stdout
