# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings files of the lab's services, as a person would write them."""

import os
from ipaddress import IPv6Address

from tests.lab.routers import QUICK, Pace
from tests.lab.topology import HOME_AGENT_ADDRESS, HOME_PREFIX


def datapath() -> str:
    """The section that says which datapath to use: DATAPATH, or what the service finds to be best."""
    wanted = os.environ.get("DATAPATH", "")
    return f'\n[network]\ndatapath = "{wanted}"\n' if wanted else ""


def laptop(*, max_home_addresses: int = 1, mobile_node: str = "", extra: str = "") -> str:
    """A laptop that knows nothing, and takes the first home address it can get; with more lines for its role."""
    return f"""\
version = 1
{datapath()}
[mobile_node]
enabled = true
allow_unprotected_signalling = true
{mobile_node}
[autoconfiguration]
enabled = true
desperation = true
desperation_joins = "any"
ask_first = false
max_home_addresses = {max_home_addresses}
{extra}"""


def newcomer(extra: str = "") -> str:
    """A laptop that knows nothing, and takes nothing by itself: it waits for an invitation."""
    return f"""\
version = 1
{datapath()}
[mobile_node]
enabled = true

[autoconfiguration]
enabled = false
{extra}"""


def protected(text: str) -> str:
    """The same settings for who goes with a key, or not at all."""
    allowed = "allow_unprotected_signalling = true"
    assert allowed in text, "these settings ask for protection already"
    return text.replace(allowed, "allow_unprotected_signalling = false")


def home_agent(
    *,
    pace: Pace = QUICK,
    interface: str = "home0",
    address: IPv6Address = HOME_AGENT_ADDRESS,
    preference: int = 0,
    extra: str = "",
) -> str:
    """The home agent of the home link, which sends the link's Router Advertisements itself."""
    return f"""\
{listening_home_agent(address, extra, interface)}
[home_agent.links.advertise]
min_interval = {pace.shortest}
max_interval = {pace.longest}
min_delay_between = {pace.between}
answer_delay = {0.0 if pace is QUICK else 0.5}
router_lifetime = 1800.0
preference = {preference}
"""


def listening_home_agent(address: IPv6Address, extra: str = "", interface: str = "home0") -> str:
    """A home agent on the home link, where another router advertises."""
    return f"""\
version = 1
{datapath()}
[mobile_node]
enabled = false

[home_agent]
enabled = true
allow_unprotected_signalling = true
{extra}
[[home_agent.links]]
prefix = "{HOME_PREFIX}"
address = "{address}"
interface = "{interface}"
"""


def laptop_with(home_address: IPv6Address, home_agent: IPv6Address | None = None, *, extra: str = "") -> str:
    """A laptop with one home address, which is all it has; without a home agent it has to find one."""
    agent = f'home_agent = "{home_agent}"' if home_agent is not None else ""
    return f"""\
version = 1
{datapath()}
[mobile_node]
enabled = true
allow_unprotected_signalling = true
{extra}
[[mobile_node.home_addresses]]
address = "{home_address}"
{agent}

[autoconfiguration]
enabled = false
"""


def correspondent(extra: str = "") -> str:
    """A correspondent that lets laptops talk to it directly."""
    return f"""\
version = 1
{datapath()}
[mobile_node]
enabled = false

[correspondent_node]
enabled = true
{extra}"""
