# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that are looked up a lot."""

from enum import Enum


class Named(Enum):
    """Members exist once, so they may hash by identity: Enum's own way is slow."""

    __hash__ = object.__hash__
