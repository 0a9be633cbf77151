# SPDX-License-Identifier: GPL-2.0-or-later
"""A home agent that invites a laptop, and the laptop that joins, as two people would do it."""

from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

from mnclient.model.invitation import Invitation, parse_invitation
from mnclient.model.keys import KeyKind
from service.guest_rules import kind_for
from tests.lab import settings
from tests.lab.answers import read_status
from tests.lab.person import reads
from tests.lab.roaming import Roaming
from tests.lab.service import Service

GUEST = "laptop"


@dataclass(frozen=True, kw_only=True)
class Paired:
    """What came of it."""

    kind: KeyKind
    home_address: IPv6Address
    invitation: Invitation


def best_kind(agent: Service, laptop: Service) -> KeyKind:
    """The kind of key to choose where both can use it."""
    return kind_for(set(read_status(agent.status()).protections) & set(read_status(laptop.status()).protections))


def read_invitation(file: Path) -> Invitation:
    """An invitation that is not sealed."""
    found = parse_invitation(file.read_bytes())
    assert isinstance(found, Invitation)
    return found


def invite(agent: Service, file: Path, kind: KeyKind, *words: str) -> Invitation:
    """`mnctl invite` on the home agent."""
    agent.mnctl("invite", GUEST, "--protection", kind.value, "--output", str(file), *words)
    return read_invitation(file)


def rotate(agent: Service, file: Path, *words: str) -> Invitation:
    """`mnctl keys rotate` on the home agent."""
    agent.mnctl("keys", "rotate", GUEST, "--output", str(file), *words)
    return read_invitation(file)


def join(laptop: Service, file: Path, *words: str) -> str:
    """`mnctl join` on the laptop; what it says."""
    return reads(laptop, "join", str(file), *words)


def start_unpaired(roaming: Roaming) -> None:
    """Start both, which go with a key or not at all, and have none yet."""
    agent = roaming.lab.start_home_agent(settings.protected(settings.home_agent()))
    roaming.adopt(agent, roaming.lab.start_laptop(settings.newcomer()))


def pair(roaming: Roaming, kind: KeyKind | None = None) -> Paired:
    """Pair two that run at home."""
    lab, agent, laptop = roaming.lab, roaming.home_agent, roaming.laptop
    chosen = kind or best_kind(agent, laptop)
    file = lab.folder / f"{GUEST}.mnclient-invitation"
    invitation = invite(agent, file, chosen)
    join(laptop, file)
    file.unlink()
    address = roaming.home_address()
    assert address == invitation.home_address
    return Paired(kind=chosen, home_address=address, invitation=invitation)
