# SPDX-License-Identifier: GPL-2.0-or-later
"""Stand-ins for addresses, so that a report can be shown to anybody. Pure: the randomness is handed in.

IPv6 addresses become addresses of 3fff::/20, which is for documentation (RFC 9637). Two that have a prefix of 32 or
more bits in common have stand-ins with exactly as many bits in common, so routes, rules and prefixes still make sense:

    | 3fff | 0nnn | subnets, scrambled | interface identifier, scrambled |
             nnn: the number of the first 32 bits, in the order in which they come

Each scrambled part is combined (exclusive or) with a secret of the bits before it. What is the same everywhere stays as
it is: ::, ::1, groups, fe80::/64 itself, and prefixes shorter than 32 bits. Hardware addresses become those of a
locally administered range, IPv4 addresses those of 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 (RFC 5737).
"""

import hashlib
import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final

_DOCUMENTATION: Final = 0x3FFF << 112
_FIRST: Final = 32  # bits that become a number
_MOST: Final = 1 << 12  # numbers that 3fff::/20 has room for
_PARTS: Final = ((32, 48), (48, 64), (64, 128))  # bits from, to
_LINK_LOCAL: Final = IPv6Network("fe80::/10")
_SOLICITED_NODE: Final = IPv6Network("ff02::1:ff00:0/104")
_GROUPS: Final = IPv6Network("ff00::/8")
_SAME_EVERYWHERE: Final = (IPv6Address("::"), IPv6Address("::1"))
_IPV4_EVERYWHERE: Final = ("0.", "127.", "255.")
_IPV4_PREFIXES: Final = ("192.0.2", "198.51.100", "203.0.113")

_HARDWARE: Final = re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])")
_IPV4: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")
_IPV6: Final = re.compile(
    r"(?<![0-9A-Za-z])([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8})(?:/(\d{1,3})(?!\d))?", re.ASCII
)
_PACKED: Final = re.compile(r"(?<![0-9A-Fa-f])[0-9a-f]{32}(?![0-9A-Fa-f])")


class Mask:
    """Puts stand-ins into texts: the same one for the same address, as long as this lives."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._firsts: dict[int, int] = {}
        self._hardware: dict[str, str] = {}
        self._ipv4: dict[str, str] = {}
        self._known: dict[str, str] = {}

    def text(self, original: str) -> str:
        """The text with stand-ins. Also where an address is written as 32 hexadecimal digits, as in object paths."""
        masked = _HARDWARE.sub(lambda found: self._hardware_address(found[0]), original)
        masked = _IPV4.sub(lambda found: self._ipv4_address(found[0]), masked)
        masked = _IPV6.sub(self._written, masked)
        return _PACKED.sub(lambda found: self._known.get(found[0], found[0]), masked)

    def address(self, original: IPv6Address) -> IPv6Address:
        """The stand-in of an IPv6 address."""
        if original in _SAME_EVERYWHERE:
            return original
        if original in _GROUPS:
            return self._group(original)
        value = int(original)
        if original in _LINK_LOCAL:
            return IPv6Address(value ^ self._noise(value, 64, 128)) if value << 64 & (1 << 128) - 1 else original
        stand_in = _DOCUMENTATION | self._first(value >> 96) << 96
        for begin, end in _PARTS:
            stand_in |= (value & _bits(begin, end)) ^ self._noise(value, begin, end)
        return IPv6Address(stand_in)

    def network(self, original: IPv6Network) -> IPv6Network:
        """The stand-in of a prefix; shorter ones than 32 bits say nothing about a place, and stay."""
        if original.prefixlen < _FIRST or original.network_address in _LINK_LOCAL:
            return original
        value = int(self.address(IPv6Address(int(original.network_address) | int(original.hostmask))))
        return IPv6Network((value & int(original.netmask), original.prefixlen))

    def _group(self, original: IPv6Address) -> IPv6Address:
        """A solicited-node group has the end of an address in it; another group is no place."""
        if original not in _SOLICITED_NODE:
            return original
        return IPv6Address(int(original) ^ self._noise(int(original), 104, 128))

    def _first(self, bits: int) -> int:
        return self._firsts.setdefault(bits, len(self._firsts) % _MOST)

    def _noise(self, value: int, begin: int, end: int) -> int:
        """Bits in the place of `begin` to `end`, that depend on those before `begin` only."""
        before = (value >> (128 - begin)).to_bytes(16)
        digest = hashlib.blake2b(before, key=self._secret, digest_size=16, salt=bytes((begin,))).digest()
        return int.from_bytes(digest) & _bits(begin, end)

    def _written(self, found: "re.Match[str]") -> str:
        written, length, tail = found[1], found[2], ""
        if written.endswith(":") and not written.endswith("::"):
            written, tail = written[:-1], ":"  # a colon behind it
        try:
            original = IPv6Address(written)
        except ValueError:
            return found[0]  # a time of day, a hardware address
        behind = f"{tail}/{length}" if length is not None else tail
        if length is not None and int(length) <= 128:
            network = IPv6Network((original, int(length)), strict=False)
            if network.network_address == original and network.prefixlen < 128:
                return f"{self.network(network).network_address}{behind}"
        stand_in = self.address(original)
        self._known[original.packed.hex()] = stand_in.packed.hex()
        return f"{stand_in}{behind}"

    def _hardware_address(self, written: str) -> str:
        if written.lower() in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"):
            return written
        number = len(self._hardware)
        return self._hardware.setdefault(written.lower(), "02:00:00:" + number.to_bytes(3).hex(":"))

    def _ipv4_address(self, written: str) -> str:
        try:
            original = str(IPv4Address(written))
        except ValueError:
            return written
        if original.startswith(_IPV4_EVERYWHERE):
            return written
        number = len(self._ipv4) % (254 * len(_IPV4_PREFIXES))
        return self._ipv4.setdefault(original, f"{_IPV4_PREFIXES[number // 254]}.{number % 254 + 1}")


def _bits(begin: int, end: int) -> int:
    """A mask of the bits from `begin` up to `end`, counted from the front."""
    return (1 << (128 - begin)) - (1 << (128 - end))
