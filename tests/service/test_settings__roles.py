# SPDX-License-Identifier: GPL-2.0-or-later
"""Which roles and ways the administrator can switch, and what a home address is made of."""

import pytest

from mnclient.engine.mobile_node import correspondent_policy as policy
from mnclient.errors import ConfigError
from mnclient.model.config import MobileNodeConfig, OptimizationUse
from service.settings import Settings

SECRET = bytes(32)
PRIVACY = "mobile_node.route_optimization.location_privacy"
USE = "mobile_node.route_optimization.use"


def mobile_node(settings: Settings) -> MobileNodeConfig:
    config = settings.to_node_config(settings.home_addresses, SECRET).mobile_node
    assert config is not None
    return config


@pytest.mark.requirement("MN-8.5-01")
def test_route_optimisation_is_switched_by_the_administrator() -> None:
    """Its switch is on by default, and location privacy comes before it: see docs/adr/0043 for the SHOULD."""
    settings = Settings()
    assert mobile_node(settings).route_optimization.use is OptimizationUse.ALWAYS
    assert policy.refusal_of_all(mobile_node(settings).route_optimization) == policy.PRIVATE
    on = settings.with_value(PRIVACY, "false")
    assert policy.is_on(mobile_node(on).route_optimization)
    off = on.with_value(USE, "never")
    assert policy.refusal_of_all(mobile_node(off).route_optimization) == policy.NEVER
    assert policy.is_on(mobile_node(off.with_value(USE, "always")).route_optimization)


def test_the_correspondent_is_switched_by_the_administrator() -> None:
    """Off by default, against the SHOULD: see docs/adr/0043."""
    settings = Settings()
    assert settings.to_node_config((), SECRET).correspondent_node is None
    on = settings.with_value("correspondent_node.enabled", "true")
    assert on.to_node_config((), SECRET).correspondent_node is not None
    off = on.with_value("correspondent_node.enabled", "false")
    assert off.to_node_config((), SECRET).correspondent_node is None


def with_home_address(row: str) -> Settings:
    return Settings.parse(f"version = 1\n[mobile_node]\nenabled = true\nhome_addresses = [{{ {row} }}]\n")


@pytest.mark.requirement("MN-11.5.2-02")
@pytest.mark.parametrize(
    "row, prefix",
    [
        ('address = "2001:db8:1::100", home_agent = "2001:db8:1::1"', "2001:db8:1::/64"),
        ('address = "2001:db8:1::100", prefix = "2001:db8:1::/60"', "2001:db8:1::/60"),
        ('address = "2001:db8:1::100"', "2001:db8:1::/64"),
    ],
)
def test_the_home_prefix_is_configured(row: str, prefix: str) -> None:
    """Given, or the /64 around the home address."""
    (home,) = mobile_node(with_home_address(row)).home_addresses
    assert str(home.prefix) == prefix


@pytest.mark.requirement("MN-6.1.7-01")
def test_a_home_agent_is_a_router_on_the_home_link() -> None:
    """With another address no Binding Update with H would ever be sent to it."""
    with pytest.raises(ConfigError, match="outside the home prefix 2001:db8:1::/64"):
        with_home_address('address = "2001:db8:1::100", home_agent = "2001:db8:2::1"')
    (home,) = with_home_address(
        'address = "2001:db8:1::100", prefix = "2001:db8::/46", home_agent = "2001:db8:2::1"'
    ).home_addresses
    assert home.home_agent in home.prefix
