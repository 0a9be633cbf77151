# SPDX-License-Identifier: GPL-2.0-or-later
"""In a process of its own: a program has one loop of Qt."""

import subprocess
import sys

HEAD = """
import asyncio, os, socket
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtWidgets import QApplication
from ui.loop import event_loop, run
application = QApplication([])
loop = event_loop(application)
"""


def run(body):
    return subprocess.run([sys.executable, "-c", HEAD + body], capture_output=True, text=True, timeout=60, check=False)


def test_what_is_begun_ends_although_qt_ends_first():
    done = run("""
async def main():
    ended = asyncio.Event()
    application.aboutToQuit.connect(ended.set)
    asyncio.get_running_loop().call_later(0.01, application.quit)
    await ended.wait()
    await asyncio.sleep(0.01)
    print("tidied up")
    return 7
with loop:
    print(run(loop, main()))
""")
    assert (done.stdout, done.stderr) == ("tidied up\n7\n", "")


def test_a_closed_socket_is_not_watched():
    done = run("""
async def main():
    here, there = socket.socketpair()
    number = here.fileno()
    here.close()
    for watch in (loop.add_reader, loop.add_writer):
        try:
            watch(number, print)
        except OSError as error:
            print(error.strerror)
    await asyncio.sleep(0.01)
    return 0
with loop:
    run(loop, main())
""")
    assert (done.stdout, done.stderr) == ("Bad file descriptor\n" * 2, "")
