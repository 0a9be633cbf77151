# SPDX-License-Identifier: GPL-2.0-or-later
"""What there is to say of an invitation, and whether it can be used on this computer."""

from dataclasses import dataclass

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import Invitation
from mnclient.model.invitation_use import has_home_address, key_in_its_way, key_of, preceding_key
from mnclient.model.keys import KeyInfo
from mnclient.model.service_status import ServiceStatus
from ui.texts import tr


@dataclass(frozen=True, slots=True)
class InvitationView:
    """One line. `refusal`: why it cannot be used here, None when it can."""

    icon: str
    words: str
    role: str
    refusal: MobileIPv6Error | None = None


def succeeded_key(invitation: Invitation | None, status: ServiceStatus | None) -> KeyInfo | None:
    """The key that the invitation's takes the place of; None when it is for a home address that is not here."""
    if invitation is None or invitation.kind is None or invitation.home_address is None or status is None:
        return None
    return preceding_key(invitation, invitation.home_address, status)


def invitation_view(invitation: Invitation, status: ServiceStatus | None) -> InvitationView:
    """What it is for, or why it is for nothing."""
    refusal = refusal_of(invitation, status)
    if refusal is not None:
        return InvitationView("error", tr("{title}. {hint}", title=refusal.title, hint=refusal.hint), "bad", refusal)
    if succeeded_key(invitation, status) is not None:
        return InvitationView("key", _words_of_new_key(invitation), "good")
    return InvitationView("check-circle", _words_of_address(invitation), "good")


def refusal_of(invitation: Invitation, status: ServiceStatus | None) -> MobileIPv6Error | None:
    """Why it cannot be used on this computer; None when it can, or the service does not say."""
    if status is None:
        return None
    kind, address = invitation.kind, invitation.home_address
    if kind is not None and status.protections and kind.value not in status.protections:
        return MobileIPv6Error(
            tr("This computer cannot use the key in this invitation"),
            hint=tr("Ask for one with a key of another kind: {kinds}.", kinds=", ".join(status.protections)),
        )
    if address is None or not has_home_address(address, status):
        return None
    if key_of(invitation, status) is not None:
        title = tr("This invitation was used already, for {address}", address=address)
        return MobileIPv6Error(title, hint=tr("Nothing has to be done."))
    if succeeded_key(invitation, status) is None:
        title = tr("This computer has the home address {address} already", address=address)
        return MobileIPv6Error(title, hint=tr("To use this invitation, remove that address first."))
    if key_in_its_way(invitation, address, status) is not None:
        number = invitation.spi_in
        title = tr("Another key of {address} has the number {number} already", address=address, number=number)
        return MobileIPv6Error(title, hint=tr("Ask for another invitation, or remove that key first."))
    return None


def _words_of_new_key(invitation: Invitation) -> str:
    return tr(
        "A new key for {address}, which you have. The address stays, and so do its connections. The key before counts "
        "until the home agent {agent} has accepted the new one.",
        address=invitation.home_address,
        agent=invitation.home_agent,
    )


def _words_of_address(invitation: Invitation) -> str:
    if invitation.home_address is not None:
        return tr(
            "For {name}: {address} at the home agent {agent}.",
            name=invitation.name,
            address=invitation.home_address,
            agent=invitation.home_agent,
        )
    return tr(
        "For {name}: an address of your choice at the home agent {agent}.",
        name=invitation.name,
        agent=invitation.home_agent,
    )
