# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether this person may do what the wizard is about to do, and whether a password will be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mnclient.model.service_status import ServiceStatus
from service.contract import Action, Permission
from ui.texts import tr
from ui.view.wizard_draft import Draft, Protect, goes_unprotected, protection_of, succeeds
from ui.view.wizard_plan import UNPROTECTED


@dataclass(frozen=True, slots=True)
class Needs:
    """What the service said. What it did not say is taken for allowed: it decides in the end."""

    permissions: Mapping[Action, Permission] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def actions(self, draft: Draft, status: ServiceStatus | None) -> tuple[Action, ...]:
        """The permissions that the trial of this draft needs."""
        needed = [Action.MANAGE_ADDRESSES] if succeeds(draft, status) is None else []
        if protection_of(draft, status) in (Protect.INVITATION, Protect.TYPED, Protect.MADE):
            needed.append(Action.MANAGE_KEYS)
        if goes_unprotected(draft, status) and self.settings.get(UNPROTECTED) is not True:
            needed.append(Action.ADMINISTER)
        return tuple(needed)

    def refusal(self, draft: Draft, status: ServiceStatus | None) -> str:
        """Why the trial cannot be started; "" when it can."""
        answers = {each: self.permissions.get(each) for each in self.actions(draft, status)}
        if answers.get(Action.MANAGE_ADDRESSES) is Permission.NO:
            return tr("You may not add home addresses on this computer. Ask the person who looks after it.")
        if answers.get(Action.MANAGE_KEYS) is Permission.NO:
            return tr("You may not install keys on this computer. Ask the person who looks after it.")
        if answers.get(Action.ADMINISTER) is Permission.NO:
            return tr("You may not go without a key on this computer. Choose a key.")
        return ""

    def asks_for_password(self, draft: Draft, status: ServiceStatus | None) -> bool:
        """Whether the service will ask for one."""
        return any(self.permissions.get(each) is Permission.PASSWORD for each in self.actions(draft, status))
