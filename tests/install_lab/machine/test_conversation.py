# SPDX-License-Identifier: GPL-2.0-or-later
"""The conversation, with a laptop that behaves and with some that do not."""

import contextlib
import socket
import threading
from types import SimpleNamespace

import pytest

from tests.install_lab.failure import Failed
from tests.install_lab.machine import conversation
from tests.install_lab.machine.conversation import Conversation

HERE = SimpleNamespace(namespace="")


@pytest.fixture(autouse=True)
def in_this_namespace(monkeypatch):
    monkeypatch.setattr(conversation, "inside", lambda namespace: contextlib.nullcontext())


@pytest.fixture
def answering():
    """Starts a laptop that answers so to what it gets, and gives its port."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server, contextlib.ExitStack() as undo:

        def start(answer):
            def serve():
                with contextlib.suppress(OSError), server.accept()[0] as connection:
                    while data := connection.recv(65536):
                        if not (said := answer(data)):
                            return
                        connection.sendall(said)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            undo.callback(thread.join)
            return server.getsockname()[1]

        yield start


def test_what_comes_back_as_sent_goes_on(answering):
    with Conversation(HERE, "::1", answering(lambda data: data)) as talk:
        talk.goes_on()
        talk.goes_on()


@pytest.mark.parametrize(
    "answer, words",
    [(lambda data: bytes(len(data)), "not what was sent"), (lambda data: b"", "closed|broke")],
)
def test_what_does_not_is_found(answering, answer, words):
    with Conversation(HERE, "::1", answering(answer)) as talk, pytest.raises(Failed, match=words):
        talk.goes_on()


def test_silence_has_an_end(answering, monkeypatch):
    monkeypatch.setattr(conversation, "WITHIN", 0.05)
    with Conversation(HERE, "::1", answering(lambda data: data[:1])) as talk, pytest.raises(Failed, match="broke"):
        talk.goes_on()


def test_nobody_there(answering):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(Failed, match="no connection"), Conversation(HERE, "::1", port):
        pass
