# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings files of the lab's services, as a person would write them."""

from tests.lab.routers import QUICK, Pace
from tests.lab.topology import HOME_AGENT_ADDRESS, HOME_PREFIX


def laptop(*, max_home_addresses: int = 1, extra: str = "") -> str:
    """A laptop that knows nothing, and takes the first home address it can get."""
    return f"""\
version = 1

[mobile_node]
enabled = true
allow_unprotected_signalling = true

[autoconfiguration]
enabled = true
desperation = true
ask_first = false
max_home_addresses = {max_home_addresses}
{extra}"""


def home_agent(*, pace: Pace = QUICK, interface: str = "home0", extra: str = "") -> str:
    """The home agent of the home link, which sends the link's Router Advertisements itself."""
    return f"""\
version = 1

[mobile_node]
enabled = false

[home_agent]
enabled = true
allow_unprotected_signalling = true
{extra}
[[home_agent.links]]
prefix = "{HOME_PREFIX}"
address = "{HOME_AGENT_ADDRESS}"
interface = "{interface}"

[home_agent.links.advertise]
min_interval = {pace.shortest}
max_interval = {pace.longest}
min_delay_between = {pace.between}
answer_delay = {0.0 if pace is QUICK else 0.5}
router_lifetime = 1800.0
"""
