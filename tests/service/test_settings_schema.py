# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from mnclient.network.capabilities import WISHES
from service.settings_declaration import Kind
from service.settings_schema import BY_KEY, DATAPATHS, PRIVACY_OFF, SECTIONS, SETTINGS
from service.settings_values import checked


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_is_declared_properly(setting):
    for each in (setting, *setting.fields):
        assert each.description.endswith(".")
        assert each.accepted
        assert (each.kind is Kind.WORD) == bool(each.words)
        if each.default is not None:
            assert checked(each, each.default, each.key) == each.default


def test_dangerous_settings_need_an_administrator():
    dangerous = {setting.key for setting in SETTINGS if setting.needs_admin}
    assert {
        "mobile_node.allow_unprotected_signalling",
        "mobile_node.home_addresses",
        "mobile_node.return_home_unauthenticated",
        "autoconfiguration.desperation_joins",
        "autoconfiguration.desperation_allowed",
        "known_home_agents",
        "network.datapath",
        *(
            setting.key
            for setting in SETTINGS
            if setting.key.startswith(("home_agent.", "correspondent_node.", "debug."))
        ),
    } == dangerous


def test_sections_may_be_in_sections():
    assert {"mobile_node", "mobile_node.route_optimization", "network", "correspondent_node"} <= SECTIONS
    assert SECTIONS.isdisjoint(BY_KEY)


def test_what_needs_a_restart_says_so():
    assert [each.key for each in SETTINGS if each.needs_restart] == ["network.datapath"]
    for setting in SETTINGS:
        assert setting.needs_restart == (
            "takes effect when the service is started again" in setting.description.lower()
        )


def test_the_datapaths_are_those_the_network_knows():
    assert DATAPATHS == WISHES


def test_privacy_is_explained_where_it_is_given_up():
    assert BY_KEY["mobile_node.route_optimization.location_privacy"].description.endswith(PRIVACY_OFF)
