# SPDX-License-Identifier: GPL-2.0-or-later
"""What a service answers about its settings: the real schema, the real defaults, a few rules."""

from mnclient.model.service_status import Suggestion
from mnclient.model.settings_description import SettingDescription
from service.contract import Action, Permission
from service.settings import Settings
from service.settings_declaration import Kind, Setting
from service.settings_schema import SETTINGS
from service.settings_values import plain_copy
from tests.ui.samples import HOME, HOME_AGENT

PREFIX = "mobile_node.route_optimization"
EVERYTHING = dict.fromkeys(Action, Permission.YES)
ORDINARY = {**EVERYTHING, Action.MANAGE_KEYS: Permission.PASSWORD, Action.ADMINISTER: Permission.PASSWORD}
"""What an ordinary person at the computer may do."""
NOTHING = {**dict.fromkeys(Action, Permission.NO), Action.READ_STATUS: Permission.YES}

SUGGESTIONS = tuple(
    Suggestion(
        address=HOME[number], prefix=HOME, home_agent=HOME_AGENT, interface=name, reason=reason.format(name=name)
    )
    for number, name, reason in (
        (0x0211_22FF_FE33_4455, "eth0", "hardware address of {name} (EUI-64)"),
        (0x10, "wlan0", "interface identifier in use on {name}"),
    )
)

VALUES = Settings().with_given(
    {
        f"{PREFIX}.location_privacy": False,
        f"{PREFIX}.correspondents": ({"prefix": "2001:db8:bad::/48", "allow": False},),
        "mobile_node.traffic_rules": (
            {"destination": "2001:db8:9::/64", "protocol": "tcp", "ports": 631},
            {"protocol": "udp", "ports": "5000-5100"},
        ),
    }
)


def described(setting: Setting) -> SettingDescription:
    return SettingDescription(
        key=setting.key,
        kind=Kind(setting.kind).name.lower(),
        description=setting.description,
        default=plain_copy(setting.default),
        low=setting.low,
        high=setting.high,
        words=setting.words,
        needs_admin=setting.needs_admin,
        needs_restart=setting.needs_restart,
        fields=tuple(described(each) for each in setting.fields),
    )


SCHEMA = tuple(described(each) for each in SETTINGS)


class Service:
    """Keeps settings as the real one does, behind a FakeSession."""

    def __init__(self, session, permissions=ORDINARY) -> None:
        self.session, self.settings = session, VALUES
        session.answers.update(
            permissions=permissions,
            settings_schema=SCHEMA,
            settings=lambda: dict(self.settings.describe()),
            setting=lambda key: self.settings.get(key),
            set_setting=self.set_setting,
            suggestions=lambda agent: tuple(each for each in SUGGESTIONS if each.home_agent == agent),
        )

    def set_setting(self, key, text):
        self.settings = self.settings.with_value(key, text)

    def set_elsewhere(self, key, text):
        """Another program changes a setting, and everybody hears that something changed."""
        self.set_setting(key, text)
        self.session.show(self.session.status)


def answers(session, permissions=ORDINARY):
    return Service(session, permissions)
