# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands around the service: other managers of the network, permissions, the clock."""

from collections.abc import Iterator
from typing import Final

from mnclient.model.keys import KeyKind
from service.doctor.facts import AS_ROOT, KEYS_UNKNOWN, Facts, ManagerFacts
from service.doctor.verdict import Check, Group

_MANAGERS: Final = Group("other managers")
_RIGHTS: Final = Group("permissions")
_CLOCK: Final = Group("clock")

_LEAVES_ALONE: Final = ("unmanaged", "connected (externally)", "disconnected", "unavailable")
_REMEDIES: Final = {
    "NetworkManager": "In a file of /etc/NetworkManager/conf.d: [keyfile] unmanaged-devices=interface-name:mn6*."
    " Then: nmcli general reload.",
    "systemd-networkd": "In a file of /etc/systemd/network: [Match] Name=mn6* and [Link] Unmanaged=yes."
    " Then: networkctl reload.",
}
EARLIEST: Final = 1_767_225_600.0
"""The beginning of 2026: no clock that is right says less to this program."""


def managers(facts: Facts) -> Iterator[Check]:
    """Whether each of them leaves our devices alone."""
    for manager in facts.managers:
        yield _manager(manager)


def _manager(manager: ManagerFacts) -> Check:
    if not manager.is_running:
        return _MANAGERS.no_matter(manager.name, "It does not run here.")
    taken = {name: state for name, state in manager.devices.items() if state not in _LEAVES_ALONE}
    if not taken:
        return _MANAGERS.ok(manager.name, "It leaves the devices of this program alone.")
    listed = ", ".join(f"{name} ({state})" for name, state in sorted(taken.items()))
    return _MANAGERS.warning(manager.name, f"It manages devices of this program: {listed}.", _REMEDIES[manager.name])


def rights(facts: Facts) -> Iterator[Check]:
    """Who may what, and what lies open."""
    yield _permissions(facts)
    yield _actions(facts)
    yield _state_directory(facts)
    yield _keys(facts)


def _permissions(facts: Facts) -> Check:
    name, service, given = "what you may do", facts.service, facts.rights.permissions
    if service.is_denied:
        remedy = "Let a rule of polkit give you org.mnclient.read-status, or do it as root."
        return _RIGHTS.failed(name, "Not even look at the status.", remedy)
    if service.status is None:
        return _RIGHTS.no_matter(name, "Without the service nobody can be asked.")
    refused = sorted(action for action, answer in given.items() if answer == "no")
    if refused:
        reason = f"Not without root: {', '.join(refused)}."
        remedy = "Normal on a machine without polkit; otherwise look whether polkit runs: systemctl status polkit."
        return _RIGHTS.warning(name, reason, remedy)
    asked = sorted(action for action, answer in given.items() if answer == "password")
    return _RIGHTS.ok(name, f"Everything; with a password: {', '.join(asked)}." if asked else "Everything.")


def _actions(facts: Facts) -> Check:
    name = "actions of polkit"
    if facts.rights.has_polkit_actions:
        return _RIGHTS.ok(name, "They are installed.")
    reason = "They are not installed: nobody but root may do anything with the service."
    return _RIGHTS.warning(name, reason, "Install org.mnclient.policy in /usr/share/polkit-1/actions.")


def _state_directory(facts: Facts) -> Check:
    name, found = "state directory", facts.rights
    if found.state_mode is None:
        if found.state_unknown:
            return _RIGHTS.no_matter(name, f"{found.state_directory}: {found.state_unknown}.", AS_ROOT)
        return _RIGHTS.no_matter(name, f"{found.state_directory} is not there: no service has run with it.")
    if found.state_mode & 0o022:
        reason = f"Others may write to {found.state_directory} (mode {found.state_mode:o})."
        return _RIGHTS.failed(name, reason, f"chmod go-w {found.state_directory}.")
    return _RIGHTS.ok(name, f"Nobody else can write to {found.state_directory}.")


def _keys(facts: Facts) -> Check:
    name, found = "stored keys", facts.rights
    folder = f"{found.state_directory}/keys"
    if found.keys_mode is None:
        if found.state_unknown:
            return _RIGHTS.no_matter(name, f"{folder}: {found.state_unknown}.", AS_ROOT)
        return _RIGHTS.no_matter(name, f"{folder} is not there: no key is stored here.")
    if found.keys_mode & 0o077:
        reason = f"Others can get at {folder} (mode {found.keys_mode:o}), so the keys in it are not used."
        remedy = f"chmod -R go-rwx {folder}; then: systemctl reload mnclientd. Replace keys that others may have read."
        return _RIGHTS.failed(name, reason, remedy)
    return _RIGHTS.ok(name, "Only the service can read them.")


def clock(facts: Facts) -> Iterator[Check]:
    """Signed registrations (RFC 4285) say when they were made."""
    found, signs = facts.clock, facts.uses(KeyKind.RFC4285)
    remedy = "Set the clock, and let it be kept right: timedatectl set-ntp true."
    why = "Signed registrations carry the time, and are refused when it is wrong."
    if not signs:
        why = KEYS_UNKNOWN if signs is None else "No key here needs it."
    if found.now < EARLIEST:
        make = _CLOCK.failed if signs else _CLOCK.warning
        yield make("time", f"The clock is years behind. {why}", remedy)
        return
    if found.is_synchronized is None:
        yield _CLOCK.no_matter("time", "The kernel does not tell whether somebody keeps the clock right.")
    elif found.is_synchronized:
        yield _CLOCK.ok("time", "The clock is kept right.")
    elif signs:
        yield _CLOCK.warning("time", f"Nobody keeps the clock right. {why}", remedy)
    elif signs is None:
        yield _CLOCK.no_matter("time", f"Nobody keeps the clock right. {why}")
    else:
        yield _CLOCK.ok("time", f"Nobody keeps the clock right. {why}")
