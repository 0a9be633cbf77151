# SPDX-License-Identifier: GPL-2.0-or-later
"""The signalling in a packet capture, message by message, read with our own codec.

scapy reads the files, and is imported nowhere else; it takes 150 ms to load, so it is loaded when a file is opened.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from mnclient.errors import MobileIPv6Error
from service.inspected import Inspected, messages_of

_ETHERNET, _RAW, _RAW_OPENBSD, _RAW_IP, _COOKED, _RAW_IPV6, _COOKED_2 = 1, 12, 14, 101, 113, 229, 276
_ETHERTYPE_IPV6: Final = 0x86DD
_ETHERTYPES_VLAN: Final = (0x8100, 0x88A8)
_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
_LITTLE_ENDIAN: Final = b"\x4d\x3c\x2b\x1a"
_GZIP: Final = b"\x1f\x8b"
_PCAP_HEADER: Final = 24
_PCAP_RECORD_HEADER: Final = 16


def inspect(path: Path) -> Iterator[Inspected]:
    """Every signalling message of a pcap or pcapng file.

    MobileIPv6Error when it is no such file, has a link type not known here, or ends in the middle of a packet; in the
    last case after everything before that.
    """
    records = _PCAP_HEADER
    with _reader(path) as reader:
        for number, (data, details) in enumerate(reader, start=1):
            link_type, time = _link_type_and_time(reader, details)
            ipv6 = _ipv6(link_type, data, path)
            if ipv6 is not None:
                yield from messages_of(number, time, ipv6)
            records += _PCAP_RECORD_HEADER + getattr(details, "caplen", 0)
    if not _is_whole(path, records):
        hint = "everything before that was shown"
        raise MobileIPv6Error(f"{path} ends in the middle of a packet", hint=hint)


# --- from the file to IPv6 ------------------------------------------------------------------------------------------


@contextmanager
def _reader(path: Path) -> Iterator[Any]:
    logging.getLogger("scapy").setLevel(logging.CRITICAL)  # it warns of what is said here in one sentence
    from scapy.error import Scapy_Exception
    from scapy.utils import RawPcapReader

    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))  # here, because scapy leaves open what it cannot read
            reader = RawPcapReader(file)  # becomes a reader of pcapng by itself
        except (Scapy_Exception, OSError, EOFError) as error:
            hint = "give a file written by tcpdump or wireshark (pcap or pcapng)"
            raise MobileIPv6Error(f"{path} is not a packet capture ({error})", hint=hint) from error
        yield stack.enter_context(reader)


def _link_type_and_time(reader: Any, details: Any) -> tuple[int, float]:
    if hasattr(details, "tshigh"):
        return details.linktype, ((details.tshigh << 32) + details.tslow) / details.tsresol
    return reader.linktype, details.sec + details.usec / (1e9 if reader.nano else 1e6)


def _ipv6(link_type: int, data: bytes, path: Path) -> bytes | None:
    """The IPv6 packet in a frame, None when there is none."""
    if link_type == _ETHERNET:
        at = 12
        while int.from_bytes(data[at : at + 2]) in _ETHERTYPES_VLAN:
            at += 4
        start = at + 2
    elif link_type == _COOKED:
        at, start = 14, 16
    elif link_type == _COOKED_2:
        at, start = 0, 20
    elif link_type in (_RAW, _RAW_OPENBSD, _RAW_IP, _RAW_IPV6):
        return data if data[:1] and data[0] >> 4 == 6 else None
    else:
        hint = "capture on a network interface, or on any"
        raise MobileIPv6Error(f"{path} holds frames of link type {link_type}, which is not known here", hint=hint)
    return data[start:] if int.from_bytes(data[at : at + 2]) == _ETHERTYPE_IPV6 else None


def _is_whole(path: Path, records: int) -> bool:
    """Whether the last packet is complete, which scapy does not tell. `records`: the octets of a pcap file read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        if magic[:2] == _GZIP:
            return True  # a broken one cannot be unpacked at all
        return _pcapng_length(file, size) == size if magic == _PCAPNG else records == size


def _pcapng_length(file: BinaryIO, size: int) -> int:
    """Where the blocks that begin in a pcapng file end by their own lengths; -1 when one has no sensible length."""
    at, is_little = 0, False
    while at < size:
        file.seek(at)
        head = file.read(12)
        if head[:4] == _PCAPNG:
            is_little = head[8:] == _LITTLE_ENDIAN
        length = int.from_bytes(head[4:8], "little" if is_little else "big")
        if length < len(head):
            return -1
        at += length
    return at
