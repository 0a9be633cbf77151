# SPDX-License-Identifier: GPL-2.0-or-later
"""How much a home agent has proved itself: its rank, a number from 0 to 1.

The rank is an adaptive function of the number of advertisements, of how long ago the last one was, and of the rank
before. It is kept as it was at the last advertisement; reading it later computes the decay and changes nothing, so that
it does not matter how often anybody looks.

At advertisement number n, d seconds after the one before, with r the rank kept from then:

    heard  = min(d, L)                      time vouched for: no router may advertise more rarely than L
    silent = d - heard                      the rest of it, in which the home agent was away (or this machine was)
    r      = r x 2^(-silent / SILENCE)      first the silence is paid for,
    r      = 1 - (1 - r) x 2^(-heard / PRESENCE) x (1 - FIRST / n^2)      then presence and count are rewarded

and when it is read, d seconds after the last advertisement:  r x 2^(-max(0, d - L) / SILENCE).

Why so:

- *Presence counts, not noise.* An advertisement is worth the time it vouches for. Whoever sends thousands within
  seconds vouches for seconds. The reward for the count alone, FIRST / n^2, has a finite product: it makes the first
  few advertisements visible at once, and all further ones together are worth less than the first. A burst therefore
  never brings more than `LOUDEST_BURST`, and an agent heard steadily for a quarter of an hour is past that.
- *L is 1800 s*, the longest interval that RFC 4861 section 6.2.1 lets a router have: only after it is silence a fact.
- *PRESENCE is 2 hours*: half of what is missing to certainty is gained in two hours; a meeting is less, a day at home
  is nearly everything.
- *SILENCE is 7 days*: a weekend away costs a fifth, a holiday of two weeks three quarters. Absence proves less than
  presence does, since it is usually this machine that is away.
- The previous rank enters both steps, so the past is forgotten gradually, and the value stays within 0 and 1 whatever
  the clock does. A clock that is set back counts as no time.

The preference that a home agent advertises is a claim, not a merit: it only decides between equal ranks (`order`).
"""

from typing import Final

from mnclient.model.service_status import KnownHomeAgent
from mnclient.units import Seconds

LONGEST_ADVERTISEMENT_INTERVAL: Final = Seconds(1800.0)  # RFC 4861 section 6.2.1, MaxRtrAdvInterval
PRESENCE: Final = Seconds(7200.0)  # heard for this long, half of the doubt is gone
SILENCE: Final = Seconds(7 * 86_400.0)  # silent for this long, half of the rank is gone
FIRST: Final = 0.1  # the rank after the first advertisement
LOUDEST_BURST: Final = 0.157  # above 1 - prod(1 - FIRST / n^2) = 0.15656: no burst of any size reaches it
_SHOWN_DIGITS: Final = 2  # ranks that look the same to a person are equal


def rank_after(rank: float, number: int, elapsed: Seconds) -> float:
    """The rank after advertisement `number` (1 for the first), `elapsed` after the one before (0 for the first)."""
    heard = min(max(elapsed, 0.0), LONGEST_ADVERTISEMENT_INTERVAL)
    rank = rank_now(rank, elapsed)
    doubt = (1.0 - rank) * 2.0 ** (-heard / PRESENCE) * (1.0 - FIRST / max(number, 1) ** 2)
    return _bounded(1.0 - doubt)


def rank_now(rank: float, elapsed: Seconds) -> float:
    """The rank `elapsed` after the last advertisement, when it was `rank`."""
    silent = max(0.0, elapsed - LONGEST_ADVERTISEMENT_INTERVAL)
    return _bounded(rank * 2.0 ** (-silent / SILENCE))


def threshold(responsiveness: int) -> float:
    """The rank from which on a home agent is taken, for a responsiveness from 0 (conservative) to 100 (aggressive).

    0.95 (over eight hours of presence) down to 0.15 (a dozen advertisements), 0.55 (two hours) in the middle. Never 0:
    to take what was heard just once is what desperation mode is for.
    """
    return 0.95 - 0.80 * min(max(responsiveness, 0), 100) / 100


def order(agent: KnownHomeAgent) -> tuple[float, int, int, int]:
    """A key that sorts the best first: rank as shown, then the advertised preference, then the count, then the address.

    `agent.rank` must be the rank now.
    """
    return (-round(agent.rank, _SHOWN_DIGITS), -agent.preference, -agent.advertisements, int(agent.address))


def _bounded(value: float) -> float:
    return min(max(value, 0.0), 1.0)
