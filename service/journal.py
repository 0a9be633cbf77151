# SPDX-License-Identifier: GPL-2.0-or-later
"""Log records for the journal, with fields that `journalctl` can select by (its native protocol).

`journalctl -u mnclientd LOGGER=mnclient.runtime.node`, `journalctl -u mnclientd PRIORITY=3`.
"""

import logging
import socket
import struct
from pathlib import Path
from typing import Final

SOCKET: Final = Path("/run/systemd/journal/socket")
PRIORITIES: Final = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}
CRITICAL: Final = 2
LONGEST_MESSAGE: Final = 32_768
"""Characters; a datagram has its limit, and a longer line of log helps nobody."""


def priority(level: int) -> int:
    """The priority of syslog for a level of `logging`."""
    return PRIORITIES.get(level, CRITICAL)


def entry(record: logging.LogRecord, message: str, identifier: str) -> bytes:
    """One entry as the journal reads it. `message` is the record in words, with the traceback if there is one."""
    fields = {
        "MESSAGE": message[:LONGEST_MESSAGE],
        "PRIORITY": str(priority(record.levelno)),
        "SYSLOG_IDENTIFIER": identifier,
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
    }
    return b"".join(_field(name, value) for name, value in fields.items())


def _field(name: str, value: str) -> bytes:
    content = value.encode(errors="backslashreplace")
    if b"\n" not in content:
        return name.encode() + b"=" + content + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(content)) + content + b"\n"


class JournalFormatter(logging.Formatter):
    """For standard error: the journal adds time and program, and reads the priority from the front (sd-daemon)."""

    def format(self, record: logging.LogRecord) -> str:
        """Each line of the record with its priority."""
        lines = super().format(record).splitlines()
        return "\n".join(f"<{priority(record.levelno)}>{line}" for line in lines)


class JournalHandler(logging.Handler):
    """Sends records to the journal. What it does not take goes to `otherwise`, so that nothing is lost."""

    def __init__(self, identifier: str, otherwise: logging.Handler, path: Path | None = None) -> None:
        """OSError when there is no journal at `path`, by default SOCKET."""
        super().__init__()
        self.setFormatter(logging.Formatter())  # the words alone; the rest is in the fields
        self._identifier = identifier
        self._otherwise = otherwise
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            self._channel.connect(str(path or SOCKET))
        except OSError:
            self._channel.close()
            raise

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        try:
            self._channel.send(entry(record, self.format(record), self._identifier))
        except OSError:
            self._otherwise.handle(record)

    def close(self) -> None:
        """Let the socket go."""
        self._channel.close()
        super().close()
