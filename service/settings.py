# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings in force: one immutable value, made from TOML, that gives the node its configuration.

`settings_schema` declares every setting, `settings_values` checks single values, `settings_build` what concerns
several, `settings_file` writes them back.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mnclient.debugging import Category
from mnclient.errors import ConfigError
from mnclient.model.config import (
    CorrespondentNodeConfig,
    DiscoveryUse,
    HomeAddressConfig,
    HomeAgentConfig,
    IdentifierMethod,
    InterfacePolicy,
    MobileNodeConfig,
    NodeConfig,
    OptimizationUse,
    RouteOptimizationConfig,
)
from mnclient.model.invitation_use import IDENTIFIERS
from mnclient.units import Seconds
from service import settings_build
from service.autoconfiguration.policy import PolicySettings
from service.settings_autoconfiguration import ANY
from service.settings_build import KnownHomeAgentDefault
from service.settings_declaration import Setting
from service.settings_schema import BY_KEY, SECTIONS, SETTINGS, SETTINGS_VERSION, scalars
from service.settings_values import checked, parsed, plain_copy, shown, unknown_key

FILE_NAME: Final = "mnclient.toml"
LARGEST_FILE: Final = 1 << 20  # octets: thousands of access rules; what is larger is no settings file


def default_path() -> Path:
    """CONFIGURATION_DIRECTORY (systemd) or /etc/mnclient, and mnclient.toml in it."""
    return Path(os.environ.get("CONFIGURATION_DIRECTORY", "/etc/mnclient").split(":")[0]) / FILE_NAME


class Settings:
    """All settings. Immutable; `with_...` give another one. Values are plain (see `settings_values`)."""

    def __init__(self, given: Mapping[str, object] | None = None) -> None:
        """`given`: checked values by key; others have their defaults. ConfigError for a contradiction among them."""
        self.given: Final[dict[str, object]] = dict(given or {})
        self._values = {setting.key: self.given.get(setting.key, setting.default) for setting in SETTINGS}
        self.home_addresses: Final[tuple[HomeAddressConfig, ...]] = settings_build.home_addresses(
            self._rows("mobile_node.home_addresses")
        )
        self._access_identifiers = settings_build.access_identifiers(self._rows(IDENTIFIERS))
        self.interfaces: Final[tuple[InterfacePolicy, ...]] = settings_build.interfaces(
            self._rows("mobile_node.interfaces")
        )
        self.known_home_agents: Final[tuple[KnownHomeAgentDefault, ...]] = settings_build.known_home_agents(
            self._rows("known_home_agents")
        )
        self._home_links = settings_build.home_links(self._rows("home_agent.links"))
        self._access = settings_build.access_rules(self._rows("home_agent.access"))
        settings_build.check_prefix_advertisements(
            self._number("home_agent.min_prefix_advertisement_interval"),
            self._number("home_agent.max_prefix_advertisement_interval"),
        )
        self._correspondent_access = settings_build.access_rules(self._rows("correspondent_node.access"))
        self._correspondents = settings_build.correspondents(
            self._rows("mobile_node.route_optimization.correspondents")
        )
        self._traffic_rules = settings_build.traffic_rules(self._rows("mobile_node.traffic_rules"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # values hold dicts

    @classmethod
    def parse(cls, text: str, file: str = "") -> "Settings":
        """From the text of a settings file; ConfigError names `file`, the key and what is accepted."""
        try:
            return cls(_given(_document(text)))
        except ConfigError as error:
            raise ConfigError(error.title, key=error.key, accepted=error.accepted, file=file) from None

    def get(self, key: str) -> object:
        """One value, a whole array included, in types of JSON; ConfigError for a key that does not exist."""
        return plain_copy(self._values[declaration(key).key])

    def describe(self) -> dict[str, object]:
        """All single values by key."""
        return {setting.key: self._values[setting.key] for setting in scalars()}

    def with_value(self, key: str, text: str) -> "Settings":
        """With one value replaced by what somebody typed; ConfigError when it is not accepted."""
        return Settings({**self.given, key: parsed(declaration(key), text)})

    def with_given(self, given: Mapping[str, object]) -> "Settings":
        """With these checked values above the present ones."""
        return Settings({**self.given, **given})

    def policy(self) -> PolicySettings:
        """The section [autoconfiguration]. Without the mobile-node role there is nothing to configure."""
        return PolicySettings(
            enabled=self._boolean("autoconfiguration.enabled") and self._boolean("mobile_node.enabled"),
            desperation=self._boolean("autoconfiguration.desperation"),
            desperation_joins_any=self._values["autoconfiguration.desperation_joins"] == ANY,
            desperation_allowed=settings_build.networks(self._rows("autoconfiguration.desperation_allowed")),
            ask_first=self._boolean("autoconfiguration.ask_first"),
            max_home_addresses=int(self._number("autoconfiguration.max_home_addresses")),
            responsiveness=int(self._number("autoconfiguration.responsiveness")),
            activation_time=Seconds(self._number("autoconfiguration.activation_time")),
        )

    def to_node_config(self, home_addresses: tuple[HomeAddressConfig, ...], stable_secret: bytes) -> NodeConfig:
        """What the node is told. `home_addresses` are all that are to be kept, those of the settings included."""
        mobile_node = self._mobile_node(home_addresses, stable_secret) if self._boolean("mobile_node.enabled") else None
        correspondent_node = self._correspondent_node() if self._boolean("correspondent_node.enabled") else None
        home_agent = self._home_agent() if self._boolean("home_agent.enabled") else None
        return NodeConfig(mobile_node=mobile_node, correspondent_node=correspondent_node, home_agent=home_agent)

    @property
    def datapath(self) -> str:
        """How packets are to be carried: "auto", "kernel" or "portable"."""
        return str(self._values["network.datapath"])

    @property
    def generated_addresses(self) -> bool:
        """Whether home addresses are generated from a key, and proven with it."""
        return self._boolean("mobile_node.enabled") and self._boolean("mobile_node.generated_addresses")

    @property
    def debug(self) -> dict[Category, bool]:
        """What is to be logged in detail."""
        return {each: self._boolean(f"debug.{each.value}") for each in Category}

    def _mobile_node(self, home_addresses: tuple[HomeAddressConfig, ...], stable_secret: bytes) -> MobileNodeConfig:
        return MobileNodeConfig(
            home_addresses=home_addresses,
            interfaces=self.interfaces,
            access_identifiers=self._access_identifiers,
            identifier_method=IdentifierMethod(self._values["mobile_node.identifier"]),
            stable_secret=stable_secret,
            registration_lifetime=Seconds(self._number("mobile_node.registration_lifetime")),
            initial_bindack_timeout_first_reg=Seconds(self._number("mobile_node.first_registration_timeout")),
            allow_unprotected_signalling=self._boolean("mobile_node.allow_unprotected_signalling"),
            return_home_unauthenticated=self._boolean("mobile_node.return_home_unauthenticated"),
            protect_payload=self._boolean("mobile_node.protect_payload"),
            route_optimization=RouteOptimizationConfig(
                use=OptimizationUse(self._values["mobile_node.route_optimization.use"]),
                correspondents=self._correspondents,
                location_privacy=self._boolean("mobile_node.route_optimization.location_privacy"),
            ),
            traffic_rules=self._traffic_rules,
            use_visited_name_servers=self._boolean("mobile_node.use_visited_name_servers"),
            verify=self._boolean("mobile_node.verify"),
            home_agent_discovery=DiscoveryUse(self._values["mobile_node.home_agent_discovery"]),
        )

    def _correspondent_node(self) -> CorrespondentNodeConfig:
        return CorrespondentNodeConfig(
            access=self._correspondent_access,
            max_bindings=int(self._number("correspondent_node.max_bindings")),
            max_lifetime=Seconds(self._number("correspondent_node.max_lifetime")),
            generated_addresses=self._boolean("correspondent_node.generated_addresses"),
        )

    def _home_agent(self) -> HomeAgentConfig:
        advice = self._number("home_agent.refresh_advice")
        return HomeAgentConfig(
            links=self._home_links,
            access=self._access,
            max_lifetime=Seconds(self._number("home_agent.max_lifetime")),
            max_bindings=int(self._number("home_agent.max_bindings")),
            refresh_advice=Seconds(advice) if advice else None,
            optimistic_forwarding=self._boolean("home_agent.optimistic_forwarding"),
            multicast=self._boolean("home_agent.multicast"),
            allow_unprotected_signalling=self._boolean("home_agent.allow_unprotected_signalling"),
            protect_payload=self._boolean("home_agent.protect_payload"),
            replay_window=Seconds(self._number("home_agent.replay_window")),
            require_message_identification=self._boolean("home_agent.require_message_identification"),
            address_discovery=self._boolean("home_agent.address_discovery"),
            prefix_advertisements=self._boolean("home_agent.prefix_advertisements"),
            min_prefix_advertisement_interval=Seconds(self._number("home_agent.min_prefix_advertisement_interval")),
            max_prefix_advertisement_interval=Seconds(self._number("home_agent.max_prefix_advertisement_interval")),
        )

    def _boolean(self, key: str) -> bool:
        return self._values[key] is True

    def _number(self, key: str) -> float:
        value = self._values[key]
        assert isinstance(value, (int, float))
        return value

    def _rows(self, key: str) -> tuple[Mapping[str, Any], ...]:
        rows = self._values[key]
        assert isinstance(rows, tuple)
        return rows


def load(path: Path) -> Settings:
    """From a file. One that is missing or empty gives the defaults; ConfigError for everything that is not accepted."""
    return Settings.parse(read_text(path), file=str(path))


def read_text(path: Path) -> str:
    """The text of a settings file, "" when there is none; ConfigError when it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            accepted = f"a file of at most {LARGEST_FILE // 1024} KiB"
            raise ConfigError("it is too large", key="the file", accepted=accepted, file=str(path))
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        where = f"octet {error.start}"
        raise ConfigError("this is not text", key=where, accepted="TOML 1.0 in UTF-8", file=str(path)) from None
    except OSError as error:
        reason = f"it cannot be read ({error.strerror})"
        raise ConfigError(reason, key="the file", accepted="a file the service may read", file=str(path)) from None


def declaration(key: str) -> Setting:
    """The declaration of a key; ConfigError with the nearest one when it does not exist."""
    if key not in BY_KEY:
        raise unknown_key(key, key, BY_KEY)
    return BY_KEY[key]


def _document(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        title, _, place = str(error).partition(" (at ")
        where = place.rstrip(")") or "the file"
        raise ConfigError(f"this is not TOML: {title}", key=where, accepted="TOML 1.0") from None
    except RecursionError:
        raise ConfigError("its values are nested too deeply", key="the file", accepted="TOML 1.0") from None
    except ValueError:  # tomllib lets it through
        raise ConfigError("a number has thousands of digits", key="the file", accepted="TOML 1.0") from None


def _given(document: dict[str, object]) -> dict[str, object]:
    """The checked values of a document by dotted key."""
    _check_version(document.pop("version", SETTINGS_VERSION))
    return _section("", document)


def _section(name: str, value: object) -> dict[str, object]:
    """The checked values of a section and of those inside it; "" names the whole document."""
    if not isinstance(value, dict):
        raise ConfigError(f"{shown(value)} is not a section", key=name, accepted=f"a section [{name}]")
    prefix = f"{name}." if name else ""
    below = {key.removeprefix(prefix) for key in BY_KEY if key.startswith(prefix)}
    members = {each.partition(".")[0] for each in below}
    given: dict[str, object] = {}
    for member, each in value.items():
        key = prefix + member
        if member not in members:
            raise unknown_key(key, member, below if name else {"version", *members})
        given |= _section(key, each) if key in SECTIONS else {key: checked(BY_KEY[key], each, key)}
    return given


def _check_version(version: object) -> None:
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ConfigError(f"{shown(version)} is not a version", key="version", accepted=str(SETTINGS_VERSION))
    if version > SETTINGS_VERSION:
        title = f"version {shown(version)} is newer than this program"
        raise ConfigError(title, key="version", accepted=f"{SETTINGS_VERSION}, or a newer mnclient")
