# SPDX-License-Identifier: GPL-2.0-or-later
"""What the wizard sends to the service when the trial starts, and what takes each of it back, as plain values.

The address comes last: whatever it needs is there before. Taking back goes the other way round; what the service has on
trial goes all at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from typing import Any, Final

from mnclient.model.invitation_use import IDENTIFIERS, identifiers_with
from mnclient.model.keys import KeyInfo, KeyOwner
from mnclient.model.service_status import ServiceStatus
from ui.view.wizard_draft import (
    Draft,
    Key,
    Protect,
    goes_unprotected,
    home_address_of,
    home_agent_of,
    interfaces_of,
    key_of,
    order_of,
    prefix_of,
    protection_of,
    succeeds,
)
from ui.view.wizard_flow import State

UNPROTECTED: Final = "mobile_node.allow_unprotected_signalling"
INTERFACES: Final = "mobile_node.interfaces"
LISTS: Final = (INTERFACES, IDENTIFIERS)
"""Settings that a plan is made from, and that are lists."""
KEYRING_SAVE: Final = "keyring.save"
KEYRING_DELETE: Final = "keyring.delete"
"""Requests to the person's keyring instead of the service."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the client: a method and its arguments. Arguments may hold a secret and are never shown."""

    method: str
    arguments: tuple[Any, ...] = field(repr=False)


GIVE_UP: Final = Request("cancel_trial", ())
"""The service takes back all that it did for the trial; it does so, too, when this program is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing to do. `undo` takes it back, `undo_kept` after it was made permanent; `mend`: where it was chosen."""

    do: Request
    undo: Request
    undo_kept: Request
    mend: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A trial: its changes in order, and what makes it permanent."""

    address: IPv6Address
    agent: IPv6Address
    changes: tuple[Change, ...]
    keep: Request
    new_spi: int | None = None
    """The outgoing SPI of a key that takes the place of another one; None where a home address is tried."""
    spare: tuple[Request, ...] = ()
    """What nobody needs any more once the home agent has accepted it."""


def plan_of(draft: Draft, status: ServiceStatus, settings: Mapping[str, Any]) -> Plan | None:
    """The plan of a complete draft; None when something is missing. `settings` are those in force."""
    address, agent = home_address_of(draft, status), home_agent_of(draft)
    prefix, protect = prefix_of(draft, status), protection_of(draft, status)
    if address is None or agent is None or prefix is None or protect is None:
        return None
    key = key_of(draft, status)
    if key is None and protect in (Protect.TYPED, Protect.MADE, Protect.INVITATION):
        return None
    named = _named(draft, address, settings) if protect is Protect.INVITATION else []
    before = succeeds(draft, status)
    if before is not None and key is not None:
        return _succession(address, agent, key, before, named)
    changes = named
    if goes_unprotected(draft, status) and settings.get(UNPROTECTED) is not True:
        changes.append(_setting(UNPROTECTED, "true", "false", State.PROTECTION))
    if key is not None and draft.owner is KeyOwner.USER:
        changes.append(_keyring(address, agent, key))
    if key is not None:
        changes.append(_key(address, agent, key, draft.owner))
    if order_of(draft, status) != interfaces_of(status):
        changes.append(_order(order_of(draft, status), settings))
    trial = Request("try_home_address", (address, agent, prefix.prefixlen))
    remove = Request("remove_home_address", (address,))
    changes.append(Change(do=trial, undo=GIVE_UP, undo_kept=remove, mend=State.ADDRESS))
    return Plan(
        address=address,
        agent=agent,
        changes=tuple(changes),
        keep=Request("keep_home_address", (address,)),
    )


def _named(draft: Draft, address: IPv6Address, settings: Mapping[str, Any]) -> list[Change]:
    """The name by which the home agent of an invitation knows the address, if that has one."""
    rows = settings.get(IDENTIFIERS) or ()
    new = identifiers_with(draft.invitation, address, rows) if draft.invitation is not None else None
    return [] if new is None else [_setting(IDENTIFIERS, new, value_text(rows), State.AGENT)]


def _succession(address: IPv6Address, agent: IPv6Address, key: Key, before: KeyInfo, named: list[Change]) -> Plan:
    """A new key, kept where the one before is. Once it is stored it is not taken back: that one may be gone by then."""
    changes = [*named, _key(address, agent, key, before.owner)]
    spare: tuple[Request, ...] = ()
    if before.owner is KeyOwner.USER:  # a person's key is not the service's to remove
        changes.insert(0, _keyring(address, agent, key))
        spare = Request("remove_key", before.identity), Request(KEYRING_DELETE, (before.identity,))
    return Plan(
        address=address,
        agent=agent,
        changes=tuple(replace(each, undo_kept=GIVE_UP, mend=State.AGENT) for each in changes),
        keep=Request("keep_home_address", (address,)),
        new_spi=key.spi_out,
        spare=spare,
    )


def value_text(value: Any) -> str:
    """A plain value as it is written in the settings file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        members = (f"{name} = {value_text(each)}" for name, each in value.items() if each is not None)
        return "{" + ", ".join(members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(value_text(each) for each in value) + "]"
    return _quoted(str(value))


def _setting(key: str, new: str, old: str, mend: State) -> Change:
    return Change(
        do=Request("try_setting", (key, new)), undo=GIVE_UP, undo_kept=Request("set_setting", (key, old)), mend=mend
    )


def _key(address: IPv6Address, agent: IPv6Address, key: Key, owner: KeyOwner) -> Change:
    arguments = (address, agent, key.kind, key.algorithm, key.spi_in, key.spi_out, key.secret, owner)
    return Change(
        do=Request("try_key", arguments),
        undo=GIVE_UP,
        undo_kept=Request("remove_key", (address, agent, key.spi_out)),
        mend=State.PROTECTION,
    )


def _keyring(address: IPv6Address, agent: IPv6Address, key: Key) -> Change:
    """Before the service has it: it asks for the key as soon as it knows of it."""
    identity = (address, agent, key.spi_out)
    delete = Request(KEYRING_DELETE, (identity,))
    return Change(
        do=Request(KEYRING_SAVE, (identity, key.secret)),
        undo=delete,
        undo_kept=delete,
        mend=State.PROTECTION,
    )


def _order(names: tuple[str, ...], settings: Mapping[str, Any]) -> Change:
    """The whole table is restored, so that no line stays that was not there before."""
    before = value_text(settings.get(INTERFACES) or ())
    return Change(
        do=Request("try_interface_order", (names,)),
        undo=GIVE_UP,
        undo_kept=Request("set_setting", (INTERFACES, before)),
        mend=State.INTERFACES,
    )


def _quoted(text: str) -> str:
    escaped = "".join(each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08x}" for each in text)
    return f'"{escaped}"'
