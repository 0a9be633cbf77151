# SPDX-License-Identifier: GPL-2.0-or-later
"""A TUN device: made or taken over, persistent while the service may come back, gone when it is withdrawn."""

import fcntl
import os
import struct
from typing import Final

_TUNSETIFF: Final = 0x400454CA
_TUNSETPERSIST: Final = 0x400454CB
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000


def open_tun(name: str) -> int:
    """A non-blocking descriptor of the device, which is made if it is not there. OSError when that is refused.

    The device stays when the descriptor is closed, and with it the addresses and routes that running connections use:
    a service that crashed finds them again.
    """
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
        fcntl.ioctl(descriptor, _TUNSETPERSIST, 1)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def destroy_tun(descriptor: int) -> None:
    """Close the device and let it go."""
    try:
        fcntl.ioctl(descriptor, _TUNSETPERSIST, 0)
    finally:
        os.close(descriptor)
