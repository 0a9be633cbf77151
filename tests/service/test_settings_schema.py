# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from service.settings_schema import SETTINGS, Kind
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
        "known_home_agents",
        *(setting.key for setting in SETTINGS if setting.key.startswith("home_agent.")),
    } == dangerous
