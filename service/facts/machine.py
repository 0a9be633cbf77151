# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine around the service: kernel, other managers, files, clock."""

import ctypes
import os
import platform
import stat
import time
from pathlib import Path
from typing import Final

from mnclient.constants import INTERFACE_PREFIX
from mnclient.model.keys import KeyKind
from mnclient.model.service_status import ServiceStatus
from mnclient.network.capabilities import KERNEL, probe
from service.doctor.facts import ONLY_ROOT, ClockFacts, KernelFacts, ManagerFacts, RightsFacts
from service.facts.programs import ask, find

TUN: Final = Path("/dev/net/tun")
_TIMEX_SIZE: Final = 512  # octets, more than struct timex has anywhere
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised
_KEYS: Final = "keys"
_ACTIONS: Final = tuple(
    Path(folder, "polkit-1/actions/org.mnclient.policy") for folder in ("/usr/share", "/usr/local/share", "/etc")
)


def read_kernel(status: ServiceStatus | None, *, is_root: bool) -> KernelFacts:
    """By the service, which has tried; without it by trying, which only root can do in full."""
    found = probe()
    datapath, esp = found.datapath, "" if found.esp == KERNEL else found.esp.reason
    if status is not None:
        datapath = status.datapath
        can = KeyKind.ESP.value in status.protections
        esp = "" if can else esp or f"this program carries the tunnels ({datapath.reason})"
    return KernelFacts(
        release=platform.release(),
        is_known=status is not None or is_root,
        datapath=datapath.name,
        datapath_reason=datapath.reason,
        esp=esp,
        ipv6=found.reasons.get("ipv6", ""),
        tun=_why_no_tun(is_root=is_root),
        nft="" if find("nft") else "the program nft is not installed",
        address_protocol=found.reasons.get("address_protocol", ""),
    )


def _why_no_tun(*, is_root: bool) -> str:
    if not TUN.exists():
        return f"{TUN} is not there"
    if not is_root:
        return ""
    try:
        os.close(os.open(TUN, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"{TUN}: {error.strerror}"
    return ""


def read_managers() -> tuple[ManagerFacts, ...]:
    """NetworkManager and systemd-networkd, and what they say of our devices."""
    return _network_manager(), _networkd()


def _network_manager() -> ManagerFacts:
    answer = ask(["nmcli", "--terse", "--fields", "DEVICE,STATE", "device"])
    rows = [line.split(":", 1) for line in answer.output.splitlines() if ":" in line]
    devices = {name: state for name, state in rows if name.startswith(INTERFACE_PREFIX)}
    return ManagerFacts(name="NetworkManager", is_running=not answer.reason, devices=devices)


def _networkd() -> ManagerFacts:
    """The columns are number, link, type, operational state, setup state."""
    answer = ask(["networkctl", "list", "--no-legend", "--no-pager"])
    rows = [line.split() for line in answer.output.splitlines()]
    devices = {row[1]: row[4] for row in rows if len(row) == 5 and row[1].startswith(INTERFACE_PREFIX)}
    # Without the daemon it lists all the same, and says so: then nobody manages anything.
    is_running = not answer.reason and any(len(row) == 5 and row[4] != "unmanaged" for row in rows)
    return ManagerFacts(name="systemd-networkd", is_running=is_running, devices=devices)


def read_rights(directory: Path, permissions: dict[str, str], *, is_root: bool) -> RightsFacts:
    """The modes of the state directory and of the keys in it."""
    state_mode, unknown = _mode(directory)
    keys_mode, keys_unknown = _mode(directory / _KEYS)
    return RightsFacts(
        is_root=is_root,
        permissions=permissions,
        state_directory=str(directory),
        state_mode=state_mode,
        keys_mode=keys_mode,
        state_unknown=unknown or keys_unknown,
        has_polkit_actions=any(file.exists() for file in _ACTIONS),
    )


def _mode(path: Path) -> tuple[int | None, str]:
    try:
        return stat.S_IMODE(path.stat().st_mode), ""
    except PermissionError:
        return None, ONLY_ROOT
    except OSError:
        return None, ""  # it is not there


def read_clock() -> ClockFacts:
    """Asks the kernel whether its clock is kept right; changes nothing."""
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE))
    except (OSError, AttributeError):
        answer = -1  # another C library
    return ClockFacts(now=time.time(), is_synchronized=None if answer < 0 else answer != _TIME_ERROR)
