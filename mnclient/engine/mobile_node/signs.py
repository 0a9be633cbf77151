# SPDX-License-Identifier: GPL-2.0-or-later
"""The words in which movement detection tells the handover record what it saw."""

from enum import Enum, auto


class Sign(Enum):
    """What movement detection saw; the handover record is written from these."""

    LINK_DOWN = auto()
    LINK_UP = auto()
    SOLICITED = auto()
    ROUTER_HEARD = auto()
    DOUBT = auto()
    CONFIRMED = auto()
    ROUTER_LOST = auto()
