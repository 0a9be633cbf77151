# SPDX-License-Identifier: GPL-2.0-or-later
"""As many octets as possible from one machine to another, for path MTU tests and throughput."""

import hashlib
import socket
import threading
import time
from dataclasses import dataclass

from tests.lab.node import Node, inside
from tests.lab.patience import patient

PORT = 7010
CHUNK = bytes(range(256)) * 1024  # 256 KiB


@dataclass(frozen=True)
class Bulk:
    """One transfer that arrived whole."""

    octets: int
    seconds: float

    @property
    def megabits_per_second(self) -> float:
        """Throughput, of payload."""
        return self.octets * 8 / 1e6 / self.seconds


def send_bulk(
    sender: Node, receiver: Node, destination: str, octets: int, *, source: str = "", within: float = 30.0
) -> Bulk:
    """Send `octets` over one TCP connection. `source` binds the sender's address. `AssertionError` if it stalls."""
    within = patient(within)
    with inside(receiver.namespace), socket.create_server(("::", PORT), family=socket.AF_INET6) as server:
        server.settimeout(within)
        with inside(sender.namespace):
            client = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        with client:
            client.settimeout(within)
            if source:
                client.bind((source, 0))
            begin = time.monotonic()
            try:
                client.connect((destination, PORT))
                accepted, _ = server.accept()
                _pour(client, accepted, octets, within)
            except OSError as error:
                raise AssertionError(f"{octets} octets from {sender.name} to {destination}: {error}") from error
            return Bulk(octets=octets, seconds=time.monotonic() - begin)


def _pour(client: socket.socket, accepted: socket.socket, octets: int, within: float) -> None:
    received = hashlib.sha256()
    count = 0
    sent = hashlib.sha256()
    writer = threading.Thread(target=_write, args=(client, octets, sent))
    with accepted:
        accepted.settimeout(within)
        writer.start()
        try:
            while chunk := accepted.recv(262144):
                received.update(chunk)
                count += len(chunk)
        finally:
            if count < octets:
                client.close()  # the writer must not wait for ever
            writer.join(within)
    if count != octets or received.digest() != sent.digest():
        raise AssertionError(f"{count} of {octets} octets arrived, or they were not what was sent")


def _write(client: socket.socket, octets: int, digest: "hashlib._Hash") -> None:
    left = octets
    try:
        while left:
            chunk = CHUNK[: min(left, len(CHUNK))]
            client.sendall(chunk)
            digest.update(chunk)
            left -= len(chunk)
        client.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the reader sees that octets are missing, and says so
