# SPDX-License-Identifier: GPL-2.0-or-later
"""What is fuzzed: each target takes octets and raises nothing, whatever they are."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from mnclient.model.config import NodeConfig
from mnclient.wire.multicast_listener import ALL_MLDV2_ROUTERS
from mnclient.wire.packet import encode_packet
from tests.fuzz.decoders import AS_IT_IS, NEXT_HEADERS, fuzz_headers, fuzz_membership, fuzz_message
from tests.fuzz.frames import FRAMES
from tests.fuzz.play import play
from tests.mnclient.engine.hostile_events import CONFIGURATIONS
from tests.mnclient.wire.samples import PACKETS
from tests.mnclient.wire.vectors import ICMPV6, MOBILITY_HEADERS


@dataclass(frozen=True)
class Target:
    """`share` of the time it gets; `longest` input in octets; `seeds` to begin with.

    `follows_comparisons`: what is compared tells the fuzzer which octets to try. That finds the constants of a format,
    and costs as much as it finds nothing where octets are choices.
    """

    run: Callable[[bytes], None]
    share: float
    longest: int
    seeds: tuple[bytes, ...]
    follows_comparisons: bool = True


def _role(config: NodeConfig) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        play(config, data)

    return run


# A Binding Update with the options of RFC 4283 and 4285: identifier, timestamp, authentication
AUTHENTICATED_UPDATE: Final = b"\1" + bytes.fromhex(
    "3b0005000000 0001c000000f 08020161 0a080000000000000000 09110100000100000000000000000000000000"
)
# One with those of RFC 4866: request, parameters, signature, permanent token, care-of test asked for and given
ENHANCED_UPDATE: Final = b"\1" + bytes.fromhex(
    "3b0005000000 00018000000f 0b00 0c1b000102030405060708090a0b0c0d0e0f20010db8000100000130000d04cafecafe 0e0401020304"
    "0f00 10080001020304050607 0103000000"
)
BARE_TYPES: Final = (1, 2, 3, 4, 128, 129)  # ICMPv6 messages of which zeros are an example


def _message_seeds() -> tuple[bytes, ...]:
    mobility = [bytes((form,)) + each.octets for form, each in zip(range(4), MOBILITY_HEADERS.values(), strict=False)]
    mobility += [b"\0" + each.octets for each in MOBILITY_HEADERS.values()]
    icmpv6 = [b"\4" + each.octets for each in ICMPV6.values()]
    whole = [encode_packet(packet) for packet in PACKETS.values()]
    neighbor = [bytes((5 + n,)) + packet[40:] for packet in whole if packet[7] == 255 for n in range(3)]
    bare = [bytes((4, kind)) + bytes(23) for kind in BARE_TYPES]
    return *mobility, AUTHENTICATED_UPDATE, ENHANCED_UPDATE, *icmpv6, *neighbor, *bare, b"\5\x85" + bytes(7)


def _header_seeds() -> tuple[bytes, ...]:
    chains = [(frame.headers[6], frame.headers[40:]) for frame in FRAMES]
    whole = [encode_packet(packet) for packet in PACKETS.values()]
    chains += [(packet[6], packet[40:]) for packet in whole]
    packets = (bytes((AS_IT_IS,)) + packet for packet in whole)
    return *(bytes((NEXT_HEADERS.index(kind),)) + content for kind, content in chains), *packets


# Scenes with another configuration give an engine more roles, or other ones.
ROLES: Final = {
    "mobile-node": CONFIGURATIONS[1],
    "home-agent": CONFIGURATIONS[2],
    "correspondent-node": CONFIGURATIONS[6],
}
SCENES: Final = tuple(Random(6275).randbytes(120) for _ in range(16))

MEMBERSHIPS: Final = tuple(
    b"\0" + bytes((kind, 0, 0, 0)) + rest
    for kind, rest in (
        (130, bytes(20)),  # a query of version 1
        (130, bytes(24)),  # of version 2
        (131, bytes(4) + ALL_MLDV2_ROUTERS.packed),
        (132, bytes(4) + ALL_MLDV2_ROUTERS.packed),
        (143, bytes((0, 0, 0, 1, 4, 0, 0, 0)) + ALL_MLDV2_ROUTERS.packed),
    )
)

TARGETS: Final[dict[str, Target]] = {
    "message": Target(fuzz_message, 0.3, 600, _message_seeds()),
    "membership": Target(fuzz_membership, 0.05, 300, MEMBERSHIPS),
    "headers": Target(fuzz_headers, 0.2, 600, _header_seeds()),
    **{name: Target(_role(config), 0.15, 300, SCENES, False) for name, config in ROLES.items()},
}
