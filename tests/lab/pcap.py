# SPDX-License-Identifier: GPL-2.0-or-later
"""The frames of a capture file of tcpdump, in its classic form: magic, time stamps of micro- or nanoseconds."""

import struct
from collections.abc import Iterator
from pathlib import Path

FILE_HEADER, RECORD_HEADER = 24, 16
LITTLE_ENDIAN = (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
NANOSECONDS = (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")


def frames(file: Path) -> Iterator[tuple[float, bytes]]:
    """The instant of each frame in seconds of the time of day, and its octets. Half a frame at the end is left out."""
    data = file.read_bytes()
    order = "<" if data[:4] in LITTLE_ENDIAN else ">"
    fraction = 1e9 if data[:4] in NANOSECONDS else 1e6
    position = FILE_HEADER
    while position + RECORD_HEADER <= len(data):
        seconds, parts, kept, _ = struct.unpack_from(f"{order}IIII", data, position)
        position += RECORD_HEADER
        if position + kept <= len(data):
            yield seconds + parts / fraction, data[position : position + kept]
        position += kept
