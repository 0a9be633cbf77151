# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a trial registration did not work, in plain words, what to do, and the step of the wizard where it is mended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.problems import ProblemCode
from ui.texts import mark, tr
from ui.view.wizard_flow import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is told. `mend` is the step to go to; None when nothing in the wizard can mend it.

    `may_keep`: the home agent said yes, so the address may be kept in spite of this.
    """

    title: str
    text: str = ""
    todo: str = ""
    mend: State | None = None
    may_keep: bool = False


# Title, explanation, what to do, where. `{agent}`, `{address}` and `{detail}` are filled in. The first that is there
# is told.
_ANSWERS: Final[Mapping[ProblemCode, tuple[str, str, str, State | None]]] = {
    ProblemCode.NO_IPV6: (
        mark("IPv6 is switched off on this computer"),
        mark("A home address is an IPv6 address, so it cannot work without."),
        mark("Ask the person who looks after this computer to switch IPv6 on, then try again."),
        None,
    ),
    ProblemCode.HOME_ADDRESS_DUPLICATE: (
        mark("Somebody else uses this address"),
        mark("Another computer on the home network has {address}."),
        mark("Choose another address."),
        State.ADDRESS,
    ),
    ProblemCode.NOT_HOME_SUBNET: (
        mark("This home agent does not look after this address"),
        mark("The home agent says that {address} is not in a network it serves."),
        mark("Check the address and the home agent: one of the two is wrong."),
        State.ADDRESS,
    ),
    ProblemCode.PROTECTION_MISSING: (
        mark("The registration needs a key"),
        mark("Without a key the home agent could not tell this computer from another one, so nothing was sent."),
        mark("Choose a key, or choose to go without for now."),
        State.PROTECTION,
    ),
    ProblemCode.KEY_NOT_AVAILABLE: (
        mark("The key is not here yet"),
        mark("It is in your keyring, and the service has not been given it. Nothing was sent without it."),
        mark("Unlock your keyring. The trial goes on by itself."),
        None,
    ),
    ProblemCode.PROTECTION_IMPOSSIBLE: (
        mark("This computer cannot use this key"),
        mark("It cannot protect registrations with a key of this kind, so nothing was sent."),
        mark("Choose a key of another kind, or ask for another invitation."),
        State.PROTECTION,
    ),
    ProblemCode.KEY_REJECTED: (
        mark("The home agent does not accept the key"),
        mark("{agent} says that it cannot verify registrations of {address} with it."),
        mark("Both ends need the same key, with the two numbers exchanged. Or ask for a new invitation."),
        State.PROTECTION,
    ),
    ProblemCode.HOME_NOT_PROVED: (
        mark("This network says that it is home, and does not prove it"),
        mark("{detail} looks like the home network of {address}, but no home agent has shown the key there."),
        mark("At home: see that the home agent runs and has the same key. Elsewhere: leave this network."),
        None,
    ),
    ProblemCode.REGISTRATION_REFUSED: (
        mark("The home agent said no"),
        mark("Its reason: {detail}."),
        mark("Ask the person who runs the home agent to let this address in, or choose another home agent."),
        State.AGENT,
    ),
    ProblemCode.HOME_AGENT_CHANGED: (
        mark("Another router claims to be home"),
        mark("A router on {detail} says it is the home network of {address}, but it is not the one known before."),
        mark("If you do not trust this network, leave it. Otherwise ask the person who runs the home agent."),
        None,
    ),
    ProblemCode.NO_CARE_OF_ADDRESS: (
        mark("This network offers no IPv6"),
        mark("The home agent can only be reached from a network with IPv6."),
        mark("Connect to another network. The trial goes on by itself."),
        None,
    ),
    ProblemCode.NETWORK_REFUSED: (
        mark("The system refused a network setting"),
        mark("{detail}"),
        mark("Another program may manage the same thing. It is tried again by itself."),
        None,
    ),
    ProblemCode.HOME_AGENT_SILENT: (
        mark("The home agent does not answer"),
        mark("Several messages were sent to {agent}, and nothing came back."),
        mark(
            "Check that its address is right and that it is running. Some networks let no such messages pass: try "
            "another one. It is asked again by itself."
        ),
        State.AGENT,
    ),
    ProblemCode.NOT_VERIFIED: (
        mark("It was registered, but no packet came through"),
        mark("The home agent said yes, but a packet sent to {address} as a test did not come back."),
        mark(
            "Try another network, or ask the person who runs the home agent. You can keep the address: it is tested "
            "again by itself."
        ),
        None,
    ),
}

PRECEDENCE: Final = tuple(_ANSWERS)
"""Problems that end a trial, the one to tell first first."""

OF_NEW_KEYS: Final = frozenset((ProblemCode.HOME_AGENT_SILENT, ProblemCode.KEY_REJECTED))
"""Of these, a new key for an address that worked before is the likely reason."""

SLOW: Final = (
    mark("It takes longer than it should"),
    mark("Nothing was heard for {seconds} seconds."),
    mark("Wait a little, or go back and choose otherwise."),
)


def answer_for(code: ProblemCode, *, address: str, agent: str, detail: str) -> Answer:
    """The answer to a problem of the engine."""
    title, text, todo, mend = _ANSWERS[code]
    values = {"address": address, "agent": agent, "detail": tr(detail)}
    return Answer(
        title=tr(title),
        text=tr(text, **values),
        todo=tr(todo, **values),
        mend=mend,
        may_keep=code is ProblemCode.NOT_VERIFIED,
    )


def slow(seconds: int) -> Answer:
    """Nothing happened for so long."""
    title, text, todo = SLOW
    return Answer(title=tr(title), text=tr(text, seconds=seconds), todo=tr(todo))


def new_key_unanswered(address: str) -> Answer:
    """Under a new key the home agent has not said yes."""
    return Answer(
        title=tr("The home agent does not accept the new key"),
        text=tr("It may not have this key, or not any more. {address} keeps the key it had.", address=address),
        todo=tr("Ask the person who runs the home agent for another invitation, or try it on another network."),
    )


def no_network() -> Answer:
    """There is nothing to register from."""
    return Answer(
        title=tr("This computer is not connected"),
        text=tr("There is no network to reach the home agent from."),
        todo=tr("Connect to a network. The trial goes on by itself."),
    )


def switched_off() -> Answer:
    """The role is off."""
    return Answer(
        title=tr("Mobile IPv6 is switched off on this computer"),
        todo=tr("Switch it on in the preferences, then try again."),
    )


def given_up() -> Answer:
    """The service no longer has the address on trial."""
    return Answer(
        title=tr("The service gave the trial up"),
        text=tr("It may have been started again, or somebody removed the address."),
        todo=tr("Try again."),
    )


def without_service(title: str, hint: str) -> Answer:
    """The service went away in the middle."""
    return Answer(
        title=tr(title) or tr("The service is not there"),
        text=_sentence(tr(hint)),
        todo=tr("Nothing was kept. Try again when it is back."),
    )


def refused(error: MobileIPv6Error) -> Answer:
    """The service refused a change: its own words."""
    return Answer(title=tr(error.title), text=_sentence(tr(error.hint)))


def _sentence(words: str) -> str:
    """A hint of the service, as it stands on a line of its own."""
    return words[:1].upper() + words[1:] + ("" if not words or words.endswith((".", "?")) else ".")
