# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of a core without a network: it only notes what it is asked."""

from collections.abc import Callable
from typing import Any


class FakeKeys:
    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note

    def set(self, *call: Any) -> None:
        self._note("set_key", *call)

    def try_out(self, *call: Any) -> None:
        self._note("try_key", *call[:-1])
        assert call[-1].startswith(":"), "the caller's name on the bus"

    def provide(self, *call: Any) -> None:
        self._note("provide_key", *call)

    def remove(self, *call: Any) -> None:
        self._note("remove_key", *call)
