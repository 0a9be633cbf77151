# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of the protocol log as a file that Wireshark, tshark, tcpdump and `mnctl decode` read.

Format: draft-ietf-opsawg-pcap, with times in microseconds and link type 229 (LINKTYPE_IPV6): packets begin with the
IPv6 header.
"""

import struct
from collections.abc import Iterable
from typing import Final

from mnclient.model.message_log import LoggedMessage

_MAGIC: Final = 0xA1B2C3D4
_VERSION: Final = (2, 4)
_SNAPSHOT_LENGTH: Final = 65535 + 40  # octets; no packet is longer
_LINKTYPE_IPV6: Final = 229
_HEADER: Final = struct.Struct("<IHHiIII")
_RECORD: Final = struct.Struct("<IIII")
_MICRO: Final = 1_000_000


def pcap_of(messages: Iterable[LoggedMessage]) -> bytes:
    """A whole pcap file, with the packets in the order given. A message without its packet is left out."""
    header = _HEADER.pack(_MAGIC, *_VERSION, 0, 0, _SNAPSHOT_LENGTH, _LINKTYPE_IPV6)
    return header + packets_of(messages)


def packets_of(messages: Iterable[LoggedMessage]) -> bytes:
    """What comes after the file's header, or after the packets before."""
    return b"".join(_record(each.time, each.packet) for each in messages if each.packet)


def _record(time: float, packet: bytes) -> bytes:
    seconds, fraction = divmod(round(time * _MICRO), _MICRO)
    return _RECORD.pack(seconds, fraction, len(packet), len(packet)) + packet
