# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes that can be taken back, and the way back through them, newest first."""

from dataclasses import dataclass
from typing import Final

MAX_LEVELS: Final = 50
"""Older changes are forgotten."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call of the client library, as a value: `method` of `service.client.Client`."""

    method: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something a person changed. `title` names it in the person's language; `subject` is the key of a setting, or
    what else it is about. `back` is done in its order; empty for what cannot be undone."""

    title: str
    subject: str
    forward: Request
    back: tuple[Request, ...]
    before: object = None
    """The value a setting had."""
    value: object = None
    """The value it has since; when it has another one, somebody else changed it."""


@dataclass(frozen=True, slots=True)
class UndoStack:
    """Changes done, the newest last. Immutable: each step gives another one."""

    changes: tuple[Change, ...] = ()

    @property
    def last(self) -> Change | None:
        """The change that undo takes back next."""
        return self.changes[-1] if self.changes else None

    def with_change(self, change: Change) -> "UndoStack":
        """With one more, at most `MAX_LEVELS` in all. One without a way back ends the way back for its subject."""
        if not change.back:
            return self.without(change.subject)
        return UndoStack((*self.changes, change)[-MAX_LEVELS:])

    def without_change(self, change: Change) -> "UndoStack":
        """Without this one: it is undone."""
        return UndoStack(tuple(each for each in self.changes if each is not change))

    def without(self, subject: str) -> "UndoStack":
        """Without the changes of a subject."""
        return UndoStack(tuple(each for each in self.changes if each.subject != subject))

    def after_reading(self, values: dict[str, object]) -> "UndoStack":
        """Once these values were read: to undo a change that somebody else has overwritten would undo theirs."""
        newest = {each.subject: each for each in self.changes}
        overwritten = {
            subject
            for subject, change in newest.items()
            if subject in values and change.value is not None and values[subject] != change.value
        }
        if not overwritten:
            return self
        return UndoStack(tuple(each for each in self.changes if each.subject not in overwritten))
