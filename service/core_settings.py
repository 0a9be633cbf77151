# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings part of the core: reading them, and changing one or a row of a list for good."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.errors import ConfigError
from mnclient.model.config import AccessRule, HomeAgentConfig, NodeConfig
from mnclient.model.problems import ProblemCode
from service.core_changes import ChangeKind, Subscribers
from service.core_problems import ServiceProblems
from service.core_rows import (
    Rows,
    with_home_link,
    with_interface_order,
    with_interface_priority,
    without_home_link,
)
from service.core_tried_settings import TriedSettings
from service.node_protocol import Node
from service.settings import Settings, declaration
from service.settings_build import access_rules
from service.settings_file import SettingsFile
from service.settings_values import checked, parsed

_log = logging.getLogger(__name__)

_HOME_AGENT_ACCESS: Final = "home_agent.access"


class SettingsCore(ABC):
    """A change is checked, then stored, then handed to `_apply_settings`: an error means that nothing happened."""

    _settings_file: SettingsFile
    _settings: Settings  # in force
    _stored_settings: Settings  # without those on trial
    _tried_settings: TriedSettings
    _problems: ServiceProblems
    _subscribers: Subscribers
    _node: Node
    _config: NodeConfig

    @abstractmethod
    def _apply_settings(self, settings: Settings, key: str) -> None:
        """These are in force from now on. `key` is the one that changed, "" when it may be any."""

    def settings(self) -> dict[str, object]:
        """All single values by dotted key."""
        return self._settings.describe()

    def setting(self, key: str) -> object:
        """One value, arrays of tables included; ConfigError for a key that does not exist."""
        return self._settings.get(key)

    def set_setting(self, key: str, value_text: str) -> None:
        """Change one setting for good; ConfigError when the key or the value is not accepted."""
        self._store_value(key, parsed(declaration(key), value_text))

    def reload(self) -> None:
        """Read the settings file again. ConfigError when it is not accepted; the last good settings stay in force."""
        try:
            settings = self._settings_file.load()
        except ConfigError as error:
            _log.error("the settings stay as they were: %s", error)
            self._problems.add(ProblemCode.SETTINGS_REJECTED, error.file, str(error))
            self._subscribers.publish(ChangeKind.PROBLEM)
            raise
        self._use_settings(settings, "")

    # --- on trial ---

    def try_setting(self, key: str, value_text: str, caller: str) -> None:
        """As `set_setting`, but not stored, and given up with the trial of `caller`."""
        self._try_value(key, parsed(declaration(key), value_text), caller)

    def try_interface_order(self, names: Sequence[str], caller: str) -> None:
        """As `set_interface_order`, but not stored, and given up with the trial of `caller`."""
        key = "mobile_node.interfaces"
        rows = with_interface_order(self._rows(key), names, self._present())
        self._try_value(key, checked(declaration(key), rows, key), caller)

    def _try_value(self, key: str, value: object, caller: str) -> None:
        self._settings.with_given({key: value})
        self._tried_settings.put(key, value, caller)
        self._use_settings(self._stored_settings, key)

    def _require_storable(self, caller: str) -> None:
        """ConfigError unless the file takes what this caller has on trial."""
        if tried := self._tried_settings.of(caller):
            self._settings_file.load().with_given(tried)

    def _keep_settings(self, caller: str) -> None:
        for key, value in self._tried_settings.of(caller).items():
            self._store_value(key, value)

    def _give_up_settings(self, caller: str) -> None:
        for key in self._tried_settings.of(caller):
            self._tried_settings.forget(key)
            self._use_settings(self._stored_settings, key)

    # --- one row of a list ---

    def set_interface_priority(self, name: str, priority: int) -> None:
        """1 to 999, the smaller is preferred; UnknownThing for an interface that is not there."""
        rows = with_interface_priority(self._rows("mobile_node.interfaces"), name, priority, self._present())
        self._store_rows("mobile_node.interfaces", rows)

    def set_interface_order(self, names: Sequence[str]) -> None:
        """These first and in this order, others behind them; UnknownThing for an interface that is not there."""
        rows = with_interface_order(self._rows("mobile_node.interfaces"), names, self._present())
        self._store_rows("mobile_node.interfaces", rows)

    def set_home_agent_link(
        self, prefix: IPv6Network, address: IPv6Address, interface: str | None, advertise: bool
    ) -> None:
        """Serve a home link, and switch the role on. Without `interface` a virtual one. Replaces one of this prefix."""
        rows = self._rows("home_agent.links")
        self._store_rows("home_agent.links", with_home_link(rows, prefix, address, interface, advertise))
        if self._config.home_agent is None:
            self._store_value("home_agent.enabled", True)

    def remove_home_agent_link(self, prefix: IPv6Network) -> None:
        """Serve a home link no longer. UnknownThing when it is not served."""
        self._store_rows("home_agent.links", without_home_link(self._rows("home_agent.links"), prefix))

    def home_agent_config(self) -> HomeAgentConfig | None:
        """The home-agent role in force; None when it is off."""
        return self._config.home_agent

    def home_agent_access(self) -> tuple[AccessRule, ...]:
        """Who may register from where, in the order in which it is asked."""
        return access_rules(tuple(self._rows(_HOME_AGENT_ACCESS)))

    def store_home_agent_access(self, rules: tuple[AccessRule, ...]) -> None:
        """Replace these rules for good. ConfigError when there are too many."""
        rows: Rows = [
            {
                "allow": each.allow,
                "home_addresses": str(each.home_addresses),
                "care_of_addresses": str(each.care_of_addresses),
            }
            for each in rules
        ]
        self._store_rows(_HOME_AGENT_ACCESS, rows)

    def _present(self) -> set[str]:
        return {each.name for each in self._node.status().interfaces}

    def _rows(self, key: str) -> Rows:
        rows = self._settings.get(key)
        assert isinstance(rows, list)
        return rows

    def _store_rows(self, key: str, rows: Rows) -> None:
        self._store_value(key, checked(declaration(key), rows, key))

    def _store_value(self, key: str, value: object) -> None:
        stored = self._settings_file.store(self._stored_settings, key, value)
        self._tried_settings.forget(key)
        self._use_settings(stored, key)

    def _use_settings(self, stored: Settings, key: str) -> None:
        self._stored_settings = stored
        self._apply_settings(self._tried_settings.above(stored), key)
