# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything a person has chosen and typed in the wizard, and what it comes to. Going back keeps all of it.

Secrets are in it, and in no representation of it.
"""

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.model.invitation import Invitation
from mnclient.model.keys import KEY_ALGORITHMS, KeyAlgorithm, KeyInfo, KeyKind, KeyOwner
from mnclient.model.service_status import ServiceStatus
from ui.texts import tr
from ui.view.invitation_view import refusal_of, succeeded_key
from ui.view.key_text import Entry, KeyEntry, key_entry, spi_of
from ui.view.wizard_flow import Facts, State

PREFIX_LENGTH: Final = 64
LONGEST_ADDRESS_TEXT: Final = 60
"""Characters; a prefix has at most 43."""


class Way(Enum):
    """Who looks after the address."""

    FOUND = "found"
    INVITATION = "invitation"
    TYPED = "typed"


class Protect(Enum):
    """With what registrations are protected."""

    INSTALLED = "installed"  # the service has a key for this already
    INVITATION = "invitation"
    TYPED = "typed"
    MADE = "made"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Chosen and typed. `way` and `protect` None: not chosen yet, see `protection`."""

    way: Way | None = None
    found_agent: IPv6Address | None = None
    agent_text: str = ""
    prefix_text: str = ""
    invitation: Invitation | None = None
    suggestion: IPv6Address | None = None
    is_address_typed: bool = False
    address_text: str = ""
    protect: Protect | None = None
    kind: KeyKind = KeyKind.RFC4285
    algorithm: str = ""
    spi_in_text: str = ""
    spi_out_text: str = ""
    secret_text: str = field(default="", repr=False)
    made_secret: bytes = field(default=b"", repr=False)
    made_spis: tuple[int, int] = (0, 0)
    """In, out."""
    owner: KeyOwner = KeyOwner.COMPUTER
    order: tuple[str, ...] = ()
    """Interfaces, the preferred one first; empty as long as nobody moved one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that is to be set."""

    kind: KeyKind
    algorithm: str
    spi_in: int
    spi_out: int
    secret: bytes = field(repr=False)


def home_agent_of(draft: Draft) -> IPv6Address | None:
    """The home agent chosen; None while there is none."""
    if draft.way is Way.FOUND:
        return draft.found_agent
    if draft.way is Way.INVITATION:
        return draft.invitation.home_agent if draft.invitation else None
    if draft.way is Way.TYPED and agent_complaint(draft.agent_text) is None:
        return address_in(draft.agent_text)
    return None


def prefix_of(draft: Draft, status: ServiceStatus | None) -> IPv6Network | None:
    """The home network; None while it is not known."""
    if draft.way is Way.INVITATION:
        return draft.invitation.prefix if draft.invitation else None
    agent = home_agent_of(draft)
    if agent is None:
        return None
    if draft.way is Way.TYPED:
        return typed_prefix(draft.prefix_text, agent) if prefix_complaint(draft) is None else None
    known = status.known_home_agents if status else ()
    return next((each.prefix for each in known if each.address == agent), around(agent))


def home_address_of(draft: Draft, status: ServiceStatus | None) -> IPv6Address | None:
    """The home address chosen; None while there is none that could be one."""
    if draft.way is Way.INVITATION and draft.invitation and draft.invitation.home_address:
        return draft.invitation.home_address
    if not draft.is_address_typed:
        return draft.suggestion
    return address_in(draft.address_text) if address_complaint(draft, status) is None else None


def protection_of(draft: Draft, status: ServiceStatus | None) -> Protect | None:
    """What is chosen, or without a choice what is best. None: there is no safe answer, and the person has to choose."""
    choices = protections(draft, status)
    if draft.protect in choices:
        return draft.protect
    if choices[0] in (Protect.INSTALLED, Protect.INVITATION):
        return choices[0]
    return Protect.NONE if status is not None and not status.protections else None


def protections(draft: Draft, status: ServiceStatus | None) -> tuple[Protect, ...]:
    """What there is to choose from, the best first."""
    if succeeds(draft, status) is not None:
        return (Protect.INVITATION,)
    choices = [Protect.TYPED, Protect.MADE, Protect.NONE]
    if draft.way is Way.INVITATION and draft.invitation and draft.invitation.kind:
        choices = [Protect.INVITATION, Protect.TYPED, Protect.NONE]  # the home agent has made one
    if installed_key(draft, status):
        choices.insert(0, Protect.INSTALLED)
    return tuple(choices)


def succeeds(draft: Draft, status: ServiceStatus | None) -> KeyInfo | None:
    """The key that is to be replaced, where nothing else is wanted than a new key for a home address that is here."""
    return succeeded_key(draft.invitation, status) if draft.way is Way.INVITATION else None


def installed_key(draft: Draft, status: ServiceStatus | None) -> KeyInfo | None:
    """The key that the service has for this home address at this home agent."""
    pair = home_address_of(draft, status), home_agent_of(draft)
    keys = status.keys if status else ()
    return next((each for each in keys if (each.home_address, each.home_agent) == pair), None)


def algorithm_of(draft: Draft) -> KeyAlgorithm:
    """The algorithm of a typed or made key."""
    known = KEY_ALGORITHMS[draft.kind]
    return next((each for each in known if each.name == draft.algorithm), known[0])


def typed_key(draft: Draft) -> KeyEntry:
    """What was typed as the key, judged."""
    algorithm = algorithm_of(draft)
    return key_entry(draft.secret_text, algorithm.low, algorithm.high)


def key_of(draft: Draft, status: ServiceStatus | None) -> Key | None:
    """The key to set; None when there is none to set, or it is not complete."""
    protect, invitation = protection_of(draft, status), draft.invitation
    if protect is Protect.INVITATION and invitation and invitation.kind:
        return Key(
            kind=invitation.kind,
            algorithm=invitation.algorithm,
            spi_in=invitation.spi_in,
            spi_out=invitation.spi_out,
            secret=invitation.secret,
        )
    algorithm = algorithm_of(draft).name
    if protect is Protect.MADE and draft.made_secret:
        spi_in, spi_out = draft.made_spis
        return Key(kind=draft.kind, algorithm=algorithm, spi_in=spi_in, spi_out=spi_out, secret=draft.made_secret)
    typed = typed_key(draft).secret
    numbers = spi_of(draft.spi_in_text), spi_of(draft.spi_out_text)
    if protect is Protect.TYPED and typed and numbers[0] and numbers[1]:
        return Key(kind=draft.kind, algorithm=algorithm, spi_in=numbers[0], spi_out=numbers[1], secret=typed.octets)
    return None


def goes_unprotected(draft: Draft, status: ServiceStatus | None) -> bool:
    """Whether registrations would go out without protection: no key, or one that this service only keeps."""
    protect = protection_of(draft, status)
    if protect is None:
        return False
    kind = draft.kind
    if protect is Protect.INVITATION and draft.invitation and draft.invitation.kind:
        kind = draft.invitation.kind
    if protect is Protect.INSTALLED and (installed := installed_key(draft, status)):
        kind = installed.kind
    return protect is Protect.NONE or kind.value not in (status.protections if status else ())


def facts_of(draft: Draft, status: ServiceStatus | None) -> Facts:
    """Which steps are skipped, and where something is missing."""
    skipped, incomplete = set(), set()
    if home_agent_of(draft) is None or prefix_of(draft, status) is None or _is_useless(draft, status):
        incomplete.add(State.AGENT)
    if draft.way is Way.INVITATION and draft.invitation and draft.invitation.home_address:
        skipped.add(State.ADDRESS)
    if home_address_of(draft, status) is None:
        incomplete.add(State.ADDRESS)
    if succeeds(draft, status) is not None:
        skipped |= {State.PROTECTION, State.INTERFACES}
    protect = protection_of(draft, status)
    if protect is Protect.INSTALLED and not goes_unprotected(draft, status):
        skipped.add(State.PROTECTION)
    if protect is None or (protect in (Protect.TYPED, Protect.MADE) and key_of(draft, status) is None):
        incomplete.add(State.PROTECTION)
    if len(interfaces_of(status)) < 2:
        skipped.add(State.INTERFACES)
    return Facts(frozenset(skipped), frozenset(incomplete))


def _is_useless(draft: Draft, status: ServiceStatus | None) -> bool:
    invitation = draft.invitation
    return draft.way is Way.INVITATION and invitation is not None and refusal_of(invitation, status) is not None


def interfaces_of(status: ServiceStatus | None) -> tuple[str, ...]:
    """Names of the interfaces that may be used, in the order in force."""
    usable = [each for each in status.engine.interfaces if each.enabled] if status else []
    return tuple(each.name for each in sorted(usable, key=lambda each: (each.priority, each.name)))


def order_of(draft: Draft, status: ServiceStatus | None) -> tuple[str, ...]:
    """The order chosen, with interfaces that appeared since at the end and without those that went."""
    there = interfaces_of(status)
    wanted = [each for each in draft.order if each in there]
    return (*wanted, *(each for each in there if each not in wanted))


def would_lose(draft: Draft) -> bool:
    """Whether closing would throw away something a person had to type, fetch or make."""
    typed = (draft.agent_text, draft.prefix_text, draft.address_text, draft.secret_text, draft.spi_in_text)
    return any(each.strip() for each in typed) or draft.invitation is not None or bool(draft.made_secret)


# --- complaints: None when nothing is wrong, "" when nothing is typed yet ---------------------------------------------


def agent_complaint(text: str) -> str | None:
    """What is wrong with a typed home agent."""
    address = address_in(text)
    if address is None:
        return tr("This is not an IPv6 address. It looks like 2001:db8:1::1.") if text.strip() else ""
    return None if _is_reachable(address) else tr("Nobody can reach this address from elsewhere.")


def prefix_complaint(draft: Draft) -> str | None:
    """What is wrong with a typed home network."""
    agent = address_in(draft.agent_text)
    if not draft.prefix_text.strip() or agent is None:
        return None
    prefix = typed_prefix(draft.prefix_text, agent)
    if prefix is None:
        return tr("This is not an IPv6 network. It looks like 2001:db8:1::/64.")
    if agent not in prefix:
        return tr("The home agent {agent} is not in this network.", agent=agent)
    return None


def address_complaint(draft: Draft, status: ServiceStatus | None) -> str | None:
    """What is wrong with a typed home address; the same rules as the service's."""
    address, prefix = address_in(draft.address_text), prefix_of(draft, status)
    if address is None:
        return tr("This is not an IPv6 address. It looks like 2001:db8:1::10.") if draft.address_text.strip() else ""
    if not _is_reachable(address):
        return tr("Nobody can reach this address from elsewhere.")
    if prefix is not None and address not in prefix:
        return tr("It must be in the home network {prefix}.", prefix=prefix)
    if prefix is not None and prefix.prefixlen < 127 and address == prefix.network_address:
        return tr("This is the address of all routers there. Choose another one.")
    if address == home_agent_of(draft):
        return tr("This is the home agent itself. Choose another address.")
    if status and any(each.address == address and not each.trial for each in status.home_addresses):
        return tr("This computer has this home address already.")
    return None


def address_in(text: str) -> IPv6Address | None:
    """The address somebody typed; None when it is none."""
    text = text.strip().strip("[]")
    if len(text) > LONGEST_ADDRESS_TEXT:
        return None
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    return None if address.scope_id else address


def typed_prefix(text: str, agent: IPv6Address) -> IPv6Network | None:
    """The network somebody typed; nothing typed is the usual one around the home agent."""
    text = text.strip()
    if not text:
        return around(agent)
    if "/" not in text or len(text) > LONGEST_ADDRESS_TEXT:
        return None
    try:
        prefix = IPv6Network(text, strict=False)
    except ValueError:
        return None
    return prefix if 1 <= prefix.prefixlen <= 127 else None


def around(address: IPv6Address) -> IPv6Network:
    """The usual network around an address."""
    return IPv6Network((address, PREFIX_LENGTH), strict=False)


def _is_reachable(address: IPv6Address) -> bool:
    return not (address.is_multicast or address.is_link_local or address.is_loopback or address.is_unspecified)


def spi_complaint(text: str) -> str | None:
    """What is wrong with a typed security parameter index."""
    if not text.strip():
        return ""
    return None if spi_of(text) is not None else tr("A number from 256 to 4294967295.")


def secret_complaint(draft: Draft) -> str | None:
    """What is wrong with a typed key."""
    judged = typed_key(draft)
    if judged.entry is Entry.EMPTY:
        return ""
    return judged.words if judged.entry is Entry.WRONG else None
