# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated computer: one TCP connection after the other, and what comes in goes back."""

import socket
import sys


def main() -> None:
    """Until it is stopped."""
    with socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    connection.sendall(data)


if __name__ == "__main__":
    main()
