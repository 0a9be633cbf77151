# SPDX-License-Identifier: GPL-2.0-or-later
"""Has the running kernel what the kernel datapath needs? Found out by trying, in a network namespace of its own."""

import os
import shlex
import subprocess

EMULATED = "MNCLIENT_EMULATED"  # set in the virtual machine, where everything is slow

_SOURCE_ROUTED = "src 2001:db8::1 dst 2001:db8::2 proto route2 mode ro coa 2001:db8::3"
_AUTHENTICATED = "proto esp spi 1 mode transport auth hmac(sha256) 0x00 enc ecb(cipher_null) 0x"

TRIALS = {
    "IPv6 tunnels (ip6_tunnel)": "ip link add probe type ip6tnl external",
    "Mobile IPv6 (IPV6_MIP6)": f"ip xfrm state add {_SOURCE_ROUTED}",
    "ESP for IPv6 (esp6)": f"ip xfrm state add src 2001:db8::1 dst 2001:db8::2 {_AUTHENTICATED}",
    "nftables": "nft add table ip6 probe",
}


def is_emulated() -> bool:
    """True in the virtual machine."""
    return bool(os.environ.get(EMULATED))


def lacking() -> str:
    """What the running kernel lacks, for a sentence; "" when it has all."""
    return ", ".join(what for what, command in TRIALS.items() if not _works(shlex.split(command)))


def _works(command: list[str]) -> bool:
    apart = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    path = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
    environment = {**os.environ, "PATH": path}
    try:
        trial = subprocess.run([*apart, *command], check=False, capture_output=True, env=environment, timeout=60)
    except OSError:
        return False
    return trial.returncode == 0
