# SPDX-License-Identifier: GPL-2.0-or-later
"""Between the pages and files: invitations that come in, and the copy of a made key that goes out."""

import platform
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import LONGEST_NAME, Invitation
from ui.keys.key_work import write_key_file
from ui.preferences.rows import error_words
from ui.texts import tr
from ui.view.invitation_view import invitation_view
from ui.view.wizard_draft import Draft, Way, algorithm_of, home_address_of, home_agent_of, prefix_of
from ui.view.wizard_flow import CHOICES
from ui.wizard.agent_page import AgentPage
from ui.wizard.guide import Guide
from ui.wizard.invitations import Invitations
from ui.wizard.protection_page import ProtectionPage


class InvitationDesk(QObject):
    """Its words stand on the two pages; what it found goes into the draft."""

    def __init__(self, window: QWidget, guide: Guide, agent_page: AgentPage, protection_page: ProtectionPage) -> None:
        super().__init__(window)
        self._window = window
        self._guide = guide
        self._page = agent_page
        self._keys = protection_page
        self.invitations = Invitations(parent=self)
        self.invitations.imported.connect(self._imported)
        self.invitations.sealed.connect(self._sealed)
        self.invitations.opening.connect(lambda: agent_page.show_sealed(tr("the invitation"), True))
        self.invitations.refused.connect(self._refused)
        guide.changed.connect(self._judge)
        agent_page.chosen_file.connect(self.read)
        agent_page.passphrase.connect(self.invitations.unseal)
        protection_page.save_copy.connect(self._ask_where)

    def read(self, path: Path) -> None:
        """Import this file."""
        self._page.show_sealed("", False)
        self._page.show_invitation("working", tr("Reading {name}", name=path.name), "quiet")
        self._guide.edit({"way": Way.INVITATION, "invitation": None})
        self.invitations.read(path)

    def forget(self) -> None:
        """The wizard is closed."""
        self.invitations.forget()
        self._page.show_sealed("", False)
        self._page.passphrase_field.set_text("")
        self._page.show_invitation("info", "", "quiet")
        self._keys.made.reset()

    def save_copy(self, path: Path) -> None:
        """Write the made key for the home agent."""
        invitation = invitation_of(self._guide)
        if invitation is None:
            return
        try:
            write_key_file(path, invitation)
        except MobileIPv6Error as error:
            self._keys.made.say(error_words(error), "bad")
        else:
            self._keys.made.say(tr("Saved as {name}.", name=path.name))

    def _imported(self, invitation: Invitation) -> None:
        self._page.show_sealed("", False)
        self._page.passphrase_field.set_text("")
        self._guide.edit({"way": Way.INVITATION, "invitation": invitation, "protect": None, "is_address_typed": False})

    def _judge(self) -> None:
        """What the invitation is for; that depends on what is here, which may change meanwhile."""
        invitation = self._guide.draft.invitation
        if invitation is not None and self._guide.state in CHOICES:
            view = invitation_view(invitation, self._guide.status)
            self._page.show_invitation(view.icon, view.words, view.role)

    def _sealed(self, name: str) -> None:
        self._page.show_invitation("lock", tr("The invitation for {name} is sealed.", name=name), "quiet")
        self._page.show_sealed(name, False)

    def _refused(self, error: MobileIPv6Error) -> None:
        self._page.show_invitation("error", error_words(error), "bad")

    def _ask_where(self) -> None:
        dialog = QFileDialog(self._window, tr("Save a copy for the home agent"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile("home-address.mnclient-invitation")
        dialog.fileSelected.connect(lambda name: self.save_copy(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def invitation_of(guide: Guide) -> Invitation | None:
    """The made key with everything it belongs to; None while something of it is missing."""
    draft: Draft = guide.draft
    status = guide.status
    address, agent, prefix = home_address_of(draft, status), home_agent_of(draft), prefix_of(draft, status)
    if address is None or agent is None or prefix is None or not draft.made_secret:
        return None
    spi_in, spi_out = draft.made_spis
    return Invitation(
        name=(platform.node() or "laptop")[:LONGEST_NAME],
        home_agent=agent,
        prefix=prefix,
        home_address=address,
        kind=draft.kind,
        algorithm=algorithm_of(draft).name,
        spi_in=spi_in,
        spi_out=spi_out,
        secret=draft.made_secret,
    )
