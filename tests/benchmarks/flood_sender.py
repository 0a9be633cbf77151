# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends forged Router Advertisements at a steady rate: `python -m tests.benchmarks.flood_sender INTERFACE RATE`.

Each is of another router with another prefix: 4,096 of them, over and over. A packet socket, so that sources and
hardware addresses can be anybody's.
"""

import socket
import sys
import time

from mnclient.wire.packet import encode_packet
from tests.benchmarks.engines import router_advertisement

ROUTERS = 4096
ETHERTYPE_IPV6 = 0x86DD
ALL_NODES_MAC = bytes.fromhex("333300000001")
STEP = 0.002


def frames() -> list[bytes]:
    """One frame of each router."""
    made = []
    for number in range(1, ROUTERS + 1):
        header = ALL_NODES_MAC + bytes.fromhex(f"0200{number:08x}") + ETHERTYPE_IPV6.to_bytes(2, "big")
        made.append(header + encode_packet(router_advertisement(0x1000 + number)))
    return made


def main() -> None:
    """Until it is killed. Prints "flooding" when it begins."""
    interface, rate = sys.argv[1], float(sys.argv[2])
    prepared = frames()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind((interface, 0))
        print("flooding", flush=True)
        begin, sent = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - begin) * rate)
            for number in range(sent, due):
                try:
                    sender.send(prepared[number % ROUTERS])
                except OSError:
                    break  # no room just now; the rest follows
                sent = number + 1
            time.sleep(STEP)


if __name__ == "__main__":
    main()
