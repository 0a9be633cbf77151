# SPDX-License-Identifier: GPL-2.0-or-later
"""The interfaces of this host with their hardware addresses and the interface identifiers in use on them.

Asked of the kernel by ioctl and /proc, which answer for the network namespace of this process.
"""

import array
import fcntl
import socket
import struct
from collections import defaultdict
from pathlib import Path
from typing import Final

from mnclient.constants import INTERFACE_PREFIX
from service.autoconfiguration.suggestions import HostInterface

_SIOCGIFHWADDR: Final = 0x8927
_SIOCETHTOOL: Final = 0x8946
_ETHTOOL_GPERMADDR: Final = 0x20
_ARPHRD_ETHER: Final = 1
_LONGEST_ADDRESS: Final = 32  # MAX_ADDR_LEN of the kernel
_UNSUITABLE: Final = 0x01 | 0x08 | 0x10 | 0x40  # IFA_F_TEMPORARY, DADFAILED, HOMEADDRESS, TENTATIVE
_ADDRESSES: Final = Path("/proc/self/net/if_inet6")


def read_host() -> tuple[HostInterface, ...]:
    """All interfaces with a hardware address; not the loopback, and none of ours."""
    identifiers = _identifiers()
    result = []
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        for _, name in socket.if_nameindex():
            address = _hardware_address(control, name)
            if address and not name.startswith(INTERFACE_PREFIX):
                interface = HostInterface(
                    name=name,
                    link_layer_address=address,
                    permanent_link_layer_address=_permanent_address(control, name),
                    identifiers=tuple(identifiers[name]),
                )
                result.append(interface)
    return tuple(result)


def _hardware_address(control: socket.socket, name: str) -> bytes:
    request = struct.pack("16s24x", name.encode())
    try:
        answer = fcntl.ioctl(control, _SIOCGIFHWADDR, request)
    except OSError:
        return b""  # gone since it was listed
    (kind,) = struct.unpack_from("H", answer, 16)
    return answer[18:24] if kind == _ARPHRD_ETHER else b""


def _permanent_address(control: socket.socket, name: str) -> bytes:
    """Empty when the driver knows none: then the kernel says so, or gives zeros."""
    buffer = array.array("B", struct.pack(f"II{_LONGEST_ADDRESS}x", _ETHTOOL_GPERMADDR, _LONGEST_ADDRESS))
    request = struct.pack("16sP16x", name.encode(), buffer.buffer_info()[0])
    try:
        fcntl.ioctl(control, _SIOCETHTOOL, request)
    except OSError:
        return b""
    _, size = struct.unpack_from("II", buffer)
    address = buffer.tobytes()[8 : 8 + size]
    return address if any(address) else b""


def _identifiers() -> dict[str, list[bytes]]:
    """By interface, the identifiers of settled and lasting /64 addresses, each once."""
    result: dict[str, list[bytes]] = defaultdict(list)
    try:
        lines = _ADDRESSES.read_text(encoding="ascii").splitlines()
    except OSError:
        return result  # no IPv6 in this kernel
    for line in lines:
        address, _index, prefix_length, _scope, flags, name = line.split()
        identifier = bytes.fromhex(address)[8:]
        if prefix_length == "40" and not int(flags, 16) & _UNSUITABLE and identifier not in result[name]:
            result[name].append(identifier)
    return result
