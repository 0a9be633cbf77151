# SPDX-License-Identifier: GPL-2.0-or-later
"""The Manager's methods: from D-Bus arguments to a call of the core, and back. No decisions."""

from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any, Final

from mnclient.model.binding_filter import ALL_BINDINGS
from mnclient.model.guest import GuestWish, RotationWish
from mnclient.model.keys import KeyKind, KeyOwner
from service.codec import Plain, to_plain, to_variant, to_variants
from service.contract import MAX_BINDING_CACHE_PAGE, MAX_MESSAGES_PAGE, InvalidArgument
from service.interfaces import arguments
from service.interfaces.core_protocol import Core
from service.message_feed import logged
from service.settings_description import settings_schema

TRIALS: Final = frozenset({"TryHomeAddress", "TrySetting", "TryInterfaceOrder", "TryKey"})
"""What these do does not outlive their caller."""
FOR_THE_CALLER: Final = TRIALS | {"KeepHomeAddress", "CancelTrial"}
"""What these do belongs to whoever calls: they get the caller's unique name behind the arguments."""


class Manager:
    """`call` runs a method of `contract.METHODS[MANAGER]` and gives the body of the answer."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._methods: dict[str, Callable[..., Any]] = {
            "GetStatus": self._get_status,
            "GetBindingCache": self._get_binding_cache,
            "ClearBindings": self._clear_bindings,
            "GetHandovers": self._get_handovers,
            "GetMessages": self._get_messages,
            "GetCounters": self._get_counters,
            "GetSuggestions": self._get_suggestions,
            "GetSettings": self._get_settings,
            "GetSetting": self._get_setting,
            "GetSettingsSchema": self._get_settings_schema,
            "SetSetting": self._set_setting,
            "TrySetting": self._core.try_setting,
            "TryInterfaceOrder": self._core.try_interface_order,
            "AcceptProposal": self._accept_proposal,
            "DismissProposal": self._dismiss_proposal,
            "PreferHomeAddress": self._prefer_home_address,
            "SetInterfacePriority": self._set_interface_priority,
            "SetInterfaceOrder": self._set_interface_order,
            "AddHomeAddress": self._add_home_address,
            "TryHomeAddress": self._try_home_address,
            "KeepHomeAddress": self._keep_home_address,
            "CancelTrial": self._cancel_trial,
            "RemoveHomeAddress": self._remove_home_address,
            "AddHomeAgent": self._add_home_agent,
            "AcceptHomeAgent": self._accept_home_agent,
            "RemoveHomeAgent": self._remove_home_agent,
            "SetKey": self._set_key,
            "TryKey": self._try_key,
            "ProvideKey": self._provide_key,
            "RemoveKey": self._remove_key,
            "GetGuests": self._get_guests,
            "Invite": self._invite,
            "RotateKey": self._rotate_key,
            "Revoke": self._revoke,
            "SetHomeAgentLink": self._set_home_agent_link,
            "RemoveHomeAgentLink": self._remove_home_agent_link,
            "Reload": self._reload,
        }

    def call(self, method: str, body: list[Any], caller: str) -> list[Any]:
        """The results of a method. KeyError for one that does not exist; MobileIPv6Error as the core says."""
        results = self._methods[method](*body, *([caller] if method in FOR_THE_CALLER else []))
        return [] if results is None else results

    def _get_status(self) -> list[Any]:
        return [to_variants(to_plain(self._core.status()))]

    def _get_binding_cache(self, offset: int, limit: int, text: str) -> list[Any]:
        which = arguments.binding_filter(text)
        entries = self._core.binding_cache()
        if which != ALL_BINDINGS:
            entries = tuple(filter(which.matches, entries))
        # Sorted, so that the pages of one walk fit together although bindings come and go meanwhile.
        ordered = sorted(entries, key=lambda each: (each.home_address, each.home_registration))
        page = ordered[offset : offset + min(limit, MAX_BINDING_CACHE_PAGE)]
        return [[to_variants(to_plain(each)) for each in page], len(entries)]

    def _clear_bindings(self, text: str) -> list[Any]:
        if not text.strip():
            raise InvalidArgument("It is not said which bindings (filter)", hint="say ::/0 for all of them")
        return [self._core.clear_bindings(arguments.binding_filter(text))]

    def _get_handovers(self) -> list[Any]:
        return [[to_variants(to_plain(each)) for each in self._core.handovers()]]

    def _get_messages(self, after: int) -> list[Any]:
        noted = self._core.message_log.after(after, MAX_MESSAGES_PAGE)
        return [[to_variants(to_plain(logged(each))) for each in noted]]

    def _get_counters(self) -> list[Any]:
        return [self._core.counters()]

    def _get_suggestions(self, home_agent: str) -> list[Any]:
        suggestions = self._core.suggestions(arguments.optional_address(home_agent, "home_agent"))
        return [[to_variants(to_plain(each)) for each in suggestions]]

    def _get_settings(self) -> list[Any]:
        return [to_variants(to_plain(self._core.settings()))]

    def _get_setting(self, key: str) -> list[Any]:
        plain: Plain = to_plain(self._core.setting(key))
        return [to_variant("" if plain is None else plain)]

    def _get_settings_schema(self) -> list[Any]:
        return [[to_variants(to_plain(each)) for each in settings_schema()]]

    def _set_setting(self, key: str, value: str) -> None:
        self._core.set_setting(key, value)

    def _accept_proposal(self, address: str) -> None:
        self._core.accept_proposal(arguments.address(address))

    def _dismiss_proposal(self, address: str) -> None:
        self._core.dismiss_proposal(arguments.address(address))

    def _prefer_home_address(self, address: str) -> None:
        self._core.prefer_home_address(arguments.address(address))

    def _set_interface_priority(self, name: str, priority: int) -> None:
        self._core.set_interface_priority(name, priority)

    def _set_interface_order(self, names: list[str]) -> None:
        self._core.set_interface_order(names)

    def _try_home_address(self, address: str, home_agent: str, prefix_length: int, caller: str) -> None:
        agent = arguments.optional_address(home_agent, "home_agent")
        self._core.try_home_address(arguments.address(address), agent, prefix_length, caller)

    def _keep_home_address(self, address: str, caller: str) -> None:
        self._core.keep_home_address(arguments.address(address), caller)

    def _cancel_trial(self, address: str, caller: str) -> None:
        self._core.cancel_trial(arguments.optional_address(address), caller)

    def _add_home_address(self, address: str, home_agent: str, prefix_length: int) -> None:
        agent = arguments.optional_address(home_agent, "home_agent")
        self._core.add_home_address(arguments.address(address), agent, prefix_length)

    def _remove_home_address(self, address: str) -> None:
        self._core.remove_home_address(arguments.address(address))

    def _add_home_agent(self, address: str, prefix: str, pinned: bool) -> None:
        self._core.add_home_agent(arguments.address(address), arguments.network(prefix), pinned)

    def _accept_home_agent(self, address: str) -> None:
        self._core.accept_home_agent(arguments.address(address))

    def _remove_home_agent(self, address: str) -> None:
        self._core.remove_home_agent(arguments.address(address))

    def _set_key(self, *key: Any) -> None:
        self._core.keys.set(*_key(*key))

    def _try_key(self, *key_and_caller: Any) -> None:
        *key, caller = key_and_caller
        self._core.keys.try_out(*_key(*key), caller)

    def _provide_key(self, home_address: str, home_agent: str, spi_out: int, secret: bytes) -> None:
        addresses = arguments.address(home_address, "home_address"), arguments.address(home_agent, "home_agent")
        self._core.keys.provide(*addresses, spi_out, secret)

    def _remove_key(self, home_address: str, home_agent: str, spi_out: int) -> None:
        addresses = arguments.address(home_address, "home_address"), arguments.address(home_agent, "home_agent")
        self._core.keys.remove(*addresses, spi_out)

    def _get_guests(self) -> list[Any]:
        return [[to_variants(to_plain(each)) for each in self._core.guests.listing()]]

    def _invite(self, *wish: Any) -> list[Any]:
        return [to_variants(to_plain(self._core.guests.invite(_wish(*wish))))]

    def _rotate_key(self, name: str, algorithm: str, overlap_until: float, secret: bytes) -> list[Any]:
        until = arguments.optional_time(overlap_until, "overlap_until")
        wish = RotationWish(name=name, algorithm=algorithm, overlap_until=until, secret=secret)
        return [to_variants(to_plain(self._core.guests.rotate(wish)))]

    def _revoke(self, name: str) -> list[Any]:
        return [to_variants(to_plain(self._core.guests.revoke(name)))]

    def _set_home_agent_link(self, prefix: str, address: str, interface: str, advertise: bool) -> None:
        network, own = arguments.network(prefix), arguments.address(address)
        self._core.set_home_agent_link(network, own, interface or None, advertise)

    def _remove_home_agent_link(self, prefix: str) -> None:
        self._core.remove_home_agent_link(arguments.network(prefix))

    def _reload(self) -> None:
        self._core.reload()


def _key(
    home_address: str, home_agent: str, kind: str, algorithm: str, spi_in: int, spi_out: int, secret: bytes, owner: str
) -> tuple[IPv6Address, IPv6Address, KeyKind, str, int, int, bytes, KeyOwner]:
    addresses = arguments.address(home_address, "home_address"), arguments.address(home_agent, "home_agent")
    kind_of_key, lives = arguments.word(KeyKind, kind, "kind"), arguments.word(KeyOwner, owner, "owner")
    return (*addresses, kind_of_key, algorithm, spi_in, spi_out, secret, lives)


def _wish(
    name: str,
    home_agent: str,
    home_address: str,
    kind: str,
    algorithm: str,
    expires: float,
    care_of_addresses: list[str],
    secret: bytes,
) -> GuestWish:
    return GuestWish(
        name=name,
        home_agent=arguments.optional_address(home_agent, "home_agent"),
        home_address=arguments.optional_address(home_address, "home_address"),
        kind=arguments.word(KeyKind, kind, "kind"),
        algorithm=algorithm,
        expires_time=arguments.optional_time(expires, "expires"),
        care_of_addresses=tuple(arguments.network(each, "care_of_addresses") for each in care_of_addresses),
        secret=secret,
    )
