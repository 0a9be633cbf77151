# SPDX-License-Identifier: GPL-2.0-or-later
"""Deliberate defects of the engines, each with words of the invariant that has to notice it.

What is replaced stands in a module, in a class, or in a table of transitions.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from mnclient.engine.actions import Note
from mnclient.engine.correspondent_node import registrations as at_correspondent
from mnclient.engine.correspondent_node.binding_cache import BindingCache
from mnclient.engine.home_agent import registrations as at_home_agent
from mnclient.engine.home_agent.guests import Guests
from mnclient.engine.mobile_node.binding_update_list import BindingUpdateList, Key, Outstanding
from mnclient.engine.mobile_node.home_registration import TABLE, Input
from mnclient.engine.mobile_node.registration_steps import RegistrationSteps
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, Seconds, after


@dataclass(frozen=True)
class Defect:
    """`where` gets `name` replaced by `what`, a table its rows by those of `what`.

    `words` is a regular expression for what the failure says.
    """

    words: str
    where: Any
    name: Any
    what: Any

    @contextmanager
    def made(self) -> Iterator[None]:
        """While this lasts it is there."""
        with ExitStack() as undo:
            if isinstance(self.where, dict):
                undo.enter_context(patch.dict(self.where, self.what))
            else:
                undo.enter_context(patch.object(self.where, self.name, self.what))
            yield


def _steps(old: Callable[..., object], new: Callable[..., object]) -> dict[object, object]:
    return {key: (state, new) for key, (state, step) in TABLE.items() if step is old}


def _nothing(registration: RegistrationSteps, now: Instant) -> None:
    return None


def _believe_what_is_granted(
    updates: BindingUpdateList, key: Key, sent: Outstanding, granted: Seconds, now: Instant
) -> Seconds:
    entry = updates._entries[key]
    entry.acknowledged, entry.expires = True, after(now, granted)
    return granted


FORGED = "its owner never|believes in a binding|an old Binding Update"

DEFECTS = {
    "the kernel of a home agent goes on": Defect(
        "and has bindings", at_home_agent, "_withdrawn", lambda home_address: Note(kind="x", text="x")
    ),
    "a home agent lets nothing expire": Defect("past its end", at_home_agent.Registrations, "expire", lambda *_: []),
    "a correspondent lets nothing expire": Defect(
        "past its end", at_correspondent.Registrations, "expire", lambda *_: []
    ),
    "a correspondent grants more than was asked": Defect(
        "s were asked", at_correspondent.Registrations, "_grant", lambda *_, **__: Seconds(420.0)
    ),
    "a correspondent does not look at numbers": Defect(
        "an old Binding Update|believes in a binding", at_correspondent, "is_newer", lambda *_: True
    ),
    "a correspondent believes every seal": Defect(FORGED, at_correspondent, "is_authorized", lambda *_: True),
    "a correspondent remembers no ended binding": Defect(
        "an old Binding Update", BindingCache, "_remember", lambda *_: None
    ),
    "a laptop believes in all that was granted": Defect(
        "believes in a binding", BindingUpdateList, "acknowledge", _believe_what_is_granted
    ),
    "a laptop asks only once": Defect("after all was calm", TABLE, None, _steps(RegistrationSteps.resend, _nothing)),
    "a laptop does not de-register": Defect(
        "after all was calm",
        TABLE,
        None,
        {(state, Input.HOME_BOUND): (State.AT_HOME, RegistrationSteps.arrive) for state in State},
    ),
    "a home agent believes everybody": Defect(FORGED, Guests, "judge", lambda *_: None),
}
