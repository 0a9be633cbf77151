# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors as types that help the person who reads them.

Every error carries a `title` (what happened, one sentence without a full stop) and a `hint` (what to do, or what would
be accepted). `str(error)` joins them, so that a log line and a command line say the same.
"""

from enum import Enum


class MobileIPv6Error(Exception):
    """Base of all errors of the project."""

    def __init__(self, title: str, *, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.title}: {self.hint}" if self.hint else self.title


class WireFault(Enum):
    """Why bytes from the network were refused; the engine chooses its answer by this alone."""

    TRUNCATED = "truncated"
    BAD_CHECKSUM = "bad-checksum"
    UNKNOWN_TYPE = "unknown-type"  # a Mobility Header type: answered with a Binding Error (RFC 6275 section 9.2)
    BAD_PAYLOAD_PROTO = "bad-payload-proto"  # answered with an ICMPv6 Parameter Problem
    BAD_HEADER_LENGTH = "bad-header-length"  # answered with an ICMPv6 Parameter Problem
    BAD_OPTION = "bad-option"
    BAD_VALUE = "bad-value"


class WireError(MobileIPv6Error):
    """Bytes from the network are not what they claim to be. The only error a decoder raises.

    `offset` is the octet at fault, counted from the start of the header being decoded; `section` is the rule broken.
    """

    def __init__(self, title: str, *, fault: WireFault, offset: int, section: str) -> None:
        super().__init__(title, hint=f"octet {offset}, {section}")
        self.fault = fault
        self.offset = offset
        self.section = section


class ConfigError(MobileIPv6Error):
    """A setting cannot be accepted. Names the file (if any), the key and what would be accepted."""

    def __init__(self, title: str, *, key: str, accepted: str, file: str = "") -> None:
        super().__init__(title, hint=f"accepted: {accepted}")
        self.key = key
        self.accepted = accepted
        self.file = file

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.file else self.key
        return f"{where}: {self.title} ({self.hint})"


class NetworkError(MobileIPv6Error):
    """The operating system refused an operation. `errno` is 0 when there is none."""

    def __init__(self, title: str, *, operation: str, errno: int = 0, hint: str = "") -> None:
        super().__init__(title, hint=hint)
        self.operation = operation
        self.errno = errno
