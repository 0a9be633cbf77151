# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of settings, told to other programs."""

from functools import cache

from mnclient.model.settings_description import SettingDescription
from service.settings_declaration import Setting
from service.settings_schema import SETTINGS
from service.settings_values import plain_copy


@cache
def settings_schema() -> tuple[SettingDescription, ...]:
    """Every setting, in the order of its declaration."""
    return tuple(described(each) for each in SETTINGS)


def described(setting: Setting) -> SettingDescription:
    """One setting with its members."""
    return SettingDescription(
        key=setting.key,
        kind=setting.kind.name.lower(),
        description=setting.description,
        accepted=setting.accepted,
        default=plain_copy(setting.default),
        required=setting.required,
        low=None if setting.low is None else float(setting.low),
        high=None if setting.high is None else float(setting.high),
        words=setting.words,
        fields=tuple(described(each) for each in setting.fields),
        needs_admin=setting.needs_admin,
        needs_restart=setting.needs_restart,
    )
