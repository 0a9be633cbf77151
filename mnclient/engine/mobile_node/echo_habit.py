# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the home agent answers Echo Requests at all: some are behind a filter that drops them.

Asked from the interface in use, which is known to lead there, when another one got no answer. Of a mute home agent an
interface cannot prove that it leads there, and need not: the Binding Update will tell.
"""

from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.echoes import Echoes
from mnclient.engine.timers import Timer
from mnclient.units import Instant, Seconds, after

TRIES: Final = 3
ANSWER_WITHIN: Final = Seconds(1.0)
SUBJECT: Final = "habit"


class EchoHabit:
    """What is known of the one home agent that interfaces are judged by."""

    def __init__(self, context: Context, echoes: Echoes) -> None:
        self._context = context
        self._echoes = echoes
        self._asked: tuple[IPv6Address, IPv6Address, str] | None = None
        self._tries = 0
        self.is_mute = False

    def examine(self, interface: str, care_of: IPv6Address, agent: IPv6Address, now: Instant) -> None:
        """Find out, once from each care-of address."""
        if self._asked != (care_of, agent, interface):
            self.forget()
            self._asked = (care_of, agent, interface)
            self._ask(now)

    def answered(self) -> None:
        """An Echo Reply of the home agent came, wherever it was asked from."""
        self.is_mute, self._tries = False, 0
        self._context.timers.stop(Timer.PROBE_HOME_AGENT, (SUBJECT,))

    def due(self, now: Instant) -> None:
        """PROBE_HOME_AGENT fired: no answer in time."""
        if self._tries < TRIES:
            self._ask(now)
        elif not self.is_mute:
            self.is_mute = True
            self._echoes.forget((SUBJECT,))
            self._context.note("home-agent-mute", "the home agent answers no Echo Requests")

    def forget(self) -> None:
        """Nothing is known of it."""
        self._asked = None
        self.answered()
        self._echoes.forget((SUBJECT,))

    def _ask(self, now: Instant) -> None:
        assert self._asked is not None
        care_of, agent, interface = self._asked
        self._tries += 1
        self._echoes.ask((SUBJECT,), care_of, agent, interface)
        self._context.timers.set(Timer.PROBE_HOME_AGENT, (SUBJECT,), after(now, ANSWER_WITHIN))
