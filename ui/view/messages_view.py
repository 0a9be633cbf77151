# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol log as rows: what is kept, and what a filter lets through."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.model.message_log import LoggedMessage
from ui.texts import tr
from ui.view.wording import capital, isolated

KEPT: Final = 1000


def merged(kept: Sequence[LoggedMessage], new: Iterable[LoggedMessage]) -> tuple[LoggedMessage, ...]:
    """With those that came, each once and in order; the oldest fall out. After a restart numbers begin again: then the
    new ones are all there is."""
    fresh = tuple(new)
    if kept and fresh and fresh[-1].number < kept[-1].number and fresh[-1].time >= kept[-1].time:
        return fresh[-KEPT:]
    last = kept[-1].number if kept else 0
    return (*kept, *(each for each in fresh if each.number > last))[-KEPT:]


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for: an address, a network, or a part of a name or summary."""

    text: str

    def lets_through(self, message: LoggedMessage) -> bool:
        """Whether this message is shown."""
        wanted = self.text.strip()
        if not wanted:
            return True
        network = _network(wanted)
        if network is not None:
            return message.source in network or message.destination in network
        lowered = wanted.casefold()
        shown = (message.name, words(message.name), message.summary, str(message.source), str(message.destination))
        return any(lowered in each.casefold() for each in (*shown, message.interface, message.malformed))


def words(name: str) -> str:
    """The name of a message with spaces: "Binding Update"."""
    spaced = "".join(
        f" {each}" if each.isupper() and at and name[at - 1].islower() else each for at, each in enumerate(name)
    )
    return spaced.strip().replace("Care Of", "Care-of")


def direction(message: LoggedMessage) -> str:
    """Whether this computer sent it."""
    return tr("sent") if message.outgoing else tr("received")


def summary(message: LoggedMessage) -> str:
    """The line about it; what could not be read says why."""
    return isolated(message.malformed or message.summary)


def details(message: LoggedMessage) -> tuple[tuple[str, str], ...]:
    """Everything there is to say, as pairs."""
    first = [
        (tr("Message"), words(message.name)),
        (tr("From"), str(message.source)),
        (tr("To"), str(message.destination)),
        (tr("Interface"), isolated(message.interface) or tr("chosen by the system")),
    ]
    if message.malformed:
        first.append((tr("Cannot be read"), isolated(message.malformed)))
    return (*first, *((capital(isolated(name)), isolated(value)) for name, value in message.fields))


def _network(text: str) -> IPv6Network | None:
    try:
        return IPv6Network(text, strict=False) if "/" in text else IPv6Network(IPv6Address(text))
    except ValueError:
        return None
