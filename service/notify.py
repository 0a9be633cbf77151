# SPDX-License-Identifier: GPL-2.0-or-later
"""Telling systemd how far the service is (sd_notify), where there is a systemd that wants to know."""

import asyncio
import logging
import os
import socket

_log = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Send e.g. READY=1 to NOTIFY_SOCKET; nothing without one. A failure is logged: it must not stop the service."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.send(state.encode())
    except OSError as error:
        _log.warning("systemd could not be told %s: %s", state, error)


async def feed_watchdog() -> None:
    """Say every half of the time that systemd waits (sd_watchdog_enabled) that this loop still turns; until cancelled.

    Returns at once where nobody waits for it.
    """
    interval = _watchdog_interval()
    while interval > 0:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval)


def _watchdog_interval() -> float:
    """Seconds between two signs of life; 0 when none are wanted, or those of another process."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    text = os.environ.get("WATCHDOG_USEC", "0")
    if not text.isascii() or not text.isdigit():
        _log.warning("WATCHDOG_USEC is no number: %r", text)
        return 0.0
    return int(text) / 2_000_000
