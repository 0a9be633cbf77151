# SPDX-License-Identifier: GPL-2.0-or-later
"""The one loop in which both Qt and D-Bus run."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import qasync
from PySide6.QtWidgets import QApplication


def event_loop(application: QApplication) -> qasync.QEventLoop:
    """The loop of asyncio, made of Qt's."""
    loop = _Loop(application)
    asyncio.set_event_loop(loop)
    return loop


def run(loop: qasync.QEventLoop, main: Coroutine[Any, Any, int]) -> int:
    """What `main` returns. It is let finish also when Qt ends first, as on "quit" and at the end of a session."""
    task = loop.create_task(main)
    task.add_done_callback(lambda _: loop.stop())
    while not task.done():  # qasync's own run_until_complete would go on without a loop that counts as running
        loop.run_forever()
    return task.result()


class _Loop(qasync.QEventLoop):
    """Refuses to watch a socket that is closed already, as other loops do: dbus-fast asks for it when a write fails,
    and Qt would complain."""

    def _add_reader(self, fd: Any, callback: Any, *args: Any) -> Any:
        os.fstat(_number(fd))
        return super()._add_reader(fd, callback, *args)

    def _add_writer(self, fd: Any, callback: Any, *args: Any) -> Any:
        os.fstat(_number(fd))
        return super()._add_writer(fd, callback, *args)


def _number(fd: Any) -> int:
    return fd if isinstance(fd, int) else fd.fileno()
