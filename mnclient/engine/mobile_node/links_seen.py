# SPDX-License-Identifier: GPL-2.0-or-later
"""The interfaces as they are, followed while the role is off as well, so that it can be switched on at any time."""

from collections.abc import Iterator

from mnclient.constants import MAX_INTERFACES
from mnclient.engine.events import Event, LinkChanged, LinkRemoved


class LinksSeen:
    """The last news of each interface, of MAX_INTERFACES at most."""

    def __init__(self) -> None:
        self._links: dict[str, LinkChanged] = {}

    def __iter__(self) -> Iterator[LinkChanged]:
        return iter(self._links.values())

    def note(self, event: Event) -> None:
        """Remember an event if it is about an interface."""
        if isinstance(event, LinkRemoved):
            self._links.pop(event.interface, None)
        elif isinstance(event, LinkChanged):
            if event.interface in self._links or len(self._links) < MAX_INTERFACES:
                self._links[event.interface] = event
