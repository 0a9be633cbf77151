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
    fraction = 1e9 if data[:4] in NANOSECONDS else 1e6
    for (seconds, parts, _, _), frame in _records(data):
        yield seconds + parts / fraction, frame


def packets(file: Path) -> Iterator[bytes]:
    """The IPv6 packets of a capture of Ethernet frames, from their IPv6 headers on."""
    return (frame[14:] for _, frame in frames(file) if frame[12:14] == b"\x86\xdd" and len(frame) >= 54)


def sample(file: Path, count: int) -> Path:
    """A capture file beside it, with `count` frames at most, evenly chosen."""
    data = file.read_bytes()
    every = list(_records(data))
    chosen = every[:: max(1, -(-len(every) // count))]
    made = file.with_suffix(".sample.pcap")
    order = _order(data)
    records = b"".join(struct.pack(f"{order}IIII", *header) + frame for header, frame in chosen)
    made.write_bytes(data[:FILE_HEADER] + records)
    return made


def _order(data: bytes) -> str:
    return "<" if data[:4] in LITTLE_ENDIAN else ">"


def _records(data: bytes) -> Iterator[tuple[tuple[int, int, int, int], bytes]]:
    """Seconds, their fraction, octets kept, octets there were; and the octets kept."""
    order, position = _order(data), FILE_HEADER
    while position + RECORD_HEADER <= len(data):
        seconds, parts, kept, length = struct.unpack_from(f"{order}IIII", data, position)
        position += RECORD_HEADER
        if position + kept <= len(data):
            yield (seconds, parts, kept, length), data[position : position + kept]
        position += kept
