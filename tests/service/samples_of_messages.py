# SPDX-License-Identifier: GPL-2.0-or-later
"""A log as a node fills it in a move away from home, with a broken message at the end."""

from mnclient.runtime.message_log import MessageLog
from mnclient.wire.packet import encode_packet
from tests.service.test_inspector import ADVERTISEMENT, ALL_NODES, ROUTER, acknowledgement, plain, update

TIME = 1_790_000_900.25
RA = encode_packet(plain(ADVERTISEMENT, ROUTER, ALL_NODES))
BU = encode_packet(update())
BA = encode_packet(acknowledgement())
BROKEN = BU[:-1] + bytes((BU[-1] ^ 1,))


def fill(log: MessageLog) -> None:
    """Note the four."""
    log.note("wlan0", False, RA)
    log.note("wlan0", True, BU)
    log.note("wlan0", False, BA)
    log.note("wlan0", False, BROKEN, True)


def filled() -> MessageLog:
    """A log with the four, half a second apart."""
    times = iter(TIME + number / 2 for number in range(1_000_000))
    log = MessageLog(lambda: next(times))
    fill(log)
    return log
