# SPDX-License-Identifier: GPL-2.0-or-later
"""The disks of the emulated computer: a throw-away system made ready to boot there, and the modules of its kernel."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.install_lab import login
from tests.install_lab.failure import Failed
from tests.kernel_lab.kernel_image import Kernel

HERE = Path(__file__).resolve().parent
INSIDE = HERE / "inside"
PORT = "mnclient.agent"
SIZE = "4G"  # of a file with holes
PASSPHRASE = "throw-away"

PACKAGES = (
    "udev", "kmod", "procps", "libpam-systemd",
    "network-manager", "wpasupplicant", "hostapd", "iw", "iptables",
    *login.PACKAGES,
)  # fmt: skip
"""What a laptop has, and what the access points are made of; Docker sets its rules with iptables."""

ECHO_PORT = 7010

AGENT = f"""\
[Unit]
Description=Does what the trial asks for
[Service]
ExecStart=/usr/bin/python3 -I /srv/agent.py /dev/virtio-ports/{PORT}
Restart=always
KillMode=process
OOMScoreAdjust=-900
[Install]
WantedBy=multi-user.target
"""
AIR = """\
[Unit]
Description=Access points on the air
Wants=network-pre.target
Before=network-pre.target NetworkManager.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /srv/air.sh
[Install]
WantedBy=multi-user.target
"""
POINT = """\
[Unit]
Description=The access point %i
[Service]
Type=forking
PIDFile=/run/hostapd-%i.pid
ExecStart=/bin/ip netns exec %i hostapd -B -P /run/hostapd-%i.pid -t -f /run/hostapd-%i.log /run/hostapd-%i.conf
"""
ECHO = f"""\
[Unit]
Description=Sends back what it gets
[Service]
ExecStart=/usr/bin/python3 -I /srv/echo.py {ECHO_PORT}
Restart=always
[Install]
WantedBy=multi-user.target
"""
UNITS = {
    "trial-agent.service": AGENT,
    "trial-air.service": AIR,
    "trial-ap@.service": POINT,
    "trial-echo.service": ECHO,
}

# An access point does not sleep; these do, with the computer that they are in, and the kernel switches them off for it.
# They are back before logind tells anybody that the computer is awake.
WAKE = """\
#!/bin/sh
[ "$1" != post ] || systemctl restart 'trial-ap@*.service'
"""
WAKE_PLACE = "usr/lib/systemd/system-sleep/trial-access-points"

CONNECTION = """\
[connection]
id={name}
type=wifi
autoconnect-priority={priority}
[wifi]
ssid={name}
[wifi-security]
key-mgmt=wpa-psk
psk={passphrase}
[ipv4]
method=disabled
[ipv6]
method=auto
"""


@dataclass(frozen=True)
class AccessPoint:
    """A network on the air, and the hardware address of the wired interface behind it. The first is preferred."""

    name: str
    channel: int
    wire: str


def furnish_root(root: Path, points: Sequence[AccessPoint], packages: Path) -> None:
    """Write into `root` what makes it a laptop in reach of these access points, with our packages in /srv."""
    for each in [*INSIDE.glob("*.py"), *INSIDE.glob("*.sh"), HERE.parent / "contents.py", *packages.glob("*.deb")]:
        shutil.copy(each, root / "srv")
    lines = [f"{each.name} {each.channel} {each.wire}\n" for each in points]
    (root / "srv/access-points").write_text("".join(lines), encoding="ascii")
    for name, text in UNITS.items():
        (root / "etc/systemd/system" / name).write_text(text, encoding="ascii")
        if "[Install]" in text:
            wanted = root / "etc/systemd/system/multi-user.target.wants" / name
            wanted.symlink_to(f"../{name}")
    wake = root / WAKE_PLACE
    wake.parent.mkdir(parents=True, exist_ok=True)
    wake.write_text(WAKE, encoding="ascii")
    wake.chmod(0o755)  # systemd runs what can be run there
    for number, each in enumerate(points):
        file = root / f"etc/NetworkManager/system-connections/{each.name}.nmconnection"
        text = CONNECTION.format(name=each.name, priority=-number, passphrase=PASSPHRASE)
        file.write_text(text, encoding="ascii")
        file.chmod(0o600)  # NetworkManager passes others over
    (root / "usr/lib/modules").mkdir(exist_ok=True)
    (root / "etc/hostname").write_text("throw-away\n", encoding="ascii")


def root_disk(root: Path, file: Path) -> Path:
    """A disk with everything below `root`."""
    return _disk(root, file, SIZE)


def modules_disk(kernel: Kernel, folder: Path) -> Path:
    """A disk for /usr/lib/modules, made once for each kernel."""
    file = folder / f"modules-{kernel.release}.ext4"
    if not file.exists():
        part = file.with_suffix(".part")
        _disk(kernel.modules.parent, part, "1G")
        part.rename(file)
    return file


def _disk(folder: Path, file: Path, size: str) -> Path:
    file.unlink(missing_ok=True)
    # what is initialised later, by the kernel, would be so under emulation
    options = ["-q", "-F", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0"]
    command = ["/sbin/mke2fs", *options, "-d", str(folder), str(file), size]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"mke2fs ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return file
