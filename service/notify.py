# SPDX-License-Identifier: GPL-2.0-or-later
"""Telling systemd how far the service is (sd_notify), where there is a systemd that wants to know."""

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
