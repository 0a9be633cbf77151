# SPDX-License-Identifier: GPL-2.0-or-later
"""May this process build the lab, and with which tools?"""

import os
import shutil
import subprocess
import sys

PROGRAMS = ("ip", "radvd", "dbus-daemon", "busctl", "tcpdump", "nft")
IN_USER_NAMESPACE = "MNCLIENT_LAB_IN_USER_NAMESPACE"


def missing_programs() -> list[str]:
    """Programs that the lab needs and this machine lacks."""
    path = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


def why_not() -> str:
    """Why the lab cannot be built here, in one sentence; "" when it can."""
    if os.geteuid() != 0:
        return "The lab builds network namespaces, which only root may do"
    if missing := missing_programs():
        return f"The lab needs programs that are not installed: {', '.join(missing)}"
    allowed = subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True)
    if allowed.returncode:
        return f"The lab may not make network namespaces here ({allowed.stderr.decode().strip()})"
    return ""


def users_may_build() -> bool:
    """True where an ordinary user may make namespaces of their own (user namespaces), and tunnel devices in them."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return False
    trial = ["unshare", "--user", "--map-root-user", "--net", "--mount", "mount", "-t", "tmpfs", "none", "/run"]
    return subprocess.run(trial, check=False, capture_output=True).returncode == 0


def become_root_of_own_namespace(module: str, arguments: list[str]) -> None:
    """Start this program again as root of a user namespace, where an ordinary user may; returns where that cannot be.

    /run becomes private and empty, because `ip netns` keeps its names there.
    """
    if os.geteuid() == 0 or IN_USER_NAMESPACE in os.environ or not users_may_build():
        return
    os.environ[IN_USER_NAMESPACE] = "yes"
    script = 'mount -t tmpfs none /run && mkdir /run/netns && exec "$0" "$@"'
    again = [sys.executable, "-m", module, *arguments]
    os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", script, *again])
