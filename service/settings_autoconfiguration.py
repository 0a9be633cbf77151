# SPDX-License-Identifier: GPL-2.0-or-later
"""The section [autoconfiguration] of the settings, declared."""

from typing import Final

from mnclient.constants import MAX_HOME_ADDRESSES, MAX_KNOWN_HOME_AGENTS
from service.settings_declaration import Kind, Setting, integer, network, seconds, switch, tables

ALLOWED: Final = "allowed"
ANY: Final = "any"

AUTOCONFIGURATION: Final[tuple[Setting, ...]] = (
    switch("autoconfiguration.enabled", True, "Whether home addresses are found by listening for home agents."),
    switch(
        "autoconfiguration.desperation",
        False,
        "Without a home address, take the first one possible at once, of home agents that are allowed.",
    ),
    Setting(
        key="autoconfiguration.desperation_joins",
        kind=Kind.WORD,
        default=ALLOWED,
        words=(ALLOWED, ANY),
        description="Whose home address desperation mode takes: of home agents that are pinned, paired or given, or in"
        " desperation_allowed (allowed); or of anybody (any). Whoever is on the link can claim to be home, and would"
        " then see the traffic.",
        needs_admin=True,
    ),
    tables(
        "autoconfiguration.desperation_allowed",
        "Networks whose home agents desperation mode may join unasked.",
        MAX_KNOWN_HOME_AGENTS,
        (network("prefix", "Home agents with an address in it.", required=True),),
    ),
    switch("autoconfiguration.ask_first", True, "Propose home addresses instead of taking them."),
    integer(
        "autoconfiguration.max_home_addresses",
        1,
        0,
        MAX_HOME_ADDRESSES,
        "No home address is added while this many are active.",
    ),
    integer(
        "autoconfiguration.responsiveness",
        50,
        0,
        100,
        "From 0, only well-known home agents, to 100, after a dozen advertisements.",
    ),
    seconds(
        "autoconfiguration.activation_time",
        30,
        5,
        3600,
        "How long a home agent may take to acknowledge before the home address counts as not active.",
    ),
)
