# SPDX-License-Identifier: GPL-2.0-or-later
"""What the client library can ask the service to change. An error says that nothing happened."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from mnclient.model.guest import Guest, GuestWish, RotationWish
from mnclient.model.keys import KeyKind, KeyOwner
from service.codec import from_plain, from_variants


class Changes(ABC):
    """What `service.client.Client` can be asked to do."""

    @abstractmethod
    async def _call(self, method: str, *arguments: Any) -> list[Any]:
        """Call a method of the Manager; its results."""

    async def set_setting(self, key: str, value_text: str) -> None:
        """Change one setting; `value_text` is written as in the settings file."""
        await self._call("SetSetting", key, value_text)

    async def clear_bindings(self, matching: str) -> int:
        """End entries of the binding cache, which a filter of `binding_cache` names; how many there were."""
        (cleared,) = await self._call("ClearBindings", matching)
        return int(cleared)

    async def add_home_address(
        self, address: IPv6Address, home_agent: IPv6Address | None = None, prefix_length: int = 64
    ) -> None:
        """Keep a home address."""
        await self._call("AddHomeAddress", str(address), text_of(home_agent), prefix_length)

    async def try_home_address(
        self, address: IPv6Address, home_agent: IPv6Address | None = None, prefix_length: int = 64
    ) -> None:
        """Use a home address on trial: not stored, and given up when this client leaves the bus."""
        await self._call("TryHomeAddress", str(address), text_of(home_agent), prefix_length)

    async def keep_home_address(self, address: IPv6Address) -> None:
        """Make a home address permanent that this client has on trial, with all else that it has."""
        await self._call("KeepHomeAddress", str(address))

    async def cancel_trial(self, address: IPv6Address | None = None) -> None:
        """Give a home address up that this client has on trial; without one, all that it has."""
        await self._call("CancelTrial", text_of(address))

    async def try_setting(self, key: str, value_text: str) -> None:
        """As `set_setting`, for a trial: not stored, and given up when this client leaves the bus."""
        await self._call("TrySetting", key, value_text)

    async def try_interface_order(self, names: Sequence[str]) -> None:
        """As `set_interface_order`, for a trial."""
        await self._call("TryInterfaceOrder", list(names))

    async def try_key(
        self,
        home_address: IPv6Address,
        home_agent: IPv6Address,
        kind: KeyKind,
        algorithm: str,
        spi_in: int,
        spi_out: int,
        secret: bytes,
        owner: KeyOwner = KeyOwner.COMPUTER,
    ) -> None:
        """As `set_key`, for a trial: what it replaces comes back when the trial is given up."""
        where = str(home_address), str(home_agent)
        await self._call("TryKey", *where, kind.value, algorithm, spi_in, spi_out, bytes(secret), owner.value)

    async def remove_home_address(self, address: IPv6Address) -> None:
        """Give a home address up."""
        await self._call("RemoveHomeAddress", str(address))

    async def prefer_home_address(self, address: IPv6Address) -> None:
        """Use this one for new connections."""
        await self._call("PreferHomeAddress", str(address))

    async def accept_proposal(self, address: IPv6Address) -> None:
        """Take a proposed home address into use."""
        await self._call("AcceptProposal", str(address))

    async def dismiss_proposal(self, address: IPv6Address) -> None:
        """Do not propose this address again."""
        await self._call("DismissProposal", str(address))

    async def add_home_agent(self, address: IPv6Address, prefix: IPv6Network, pinned: bool = False) -> None:
        """Know a home agent that was not heard."""
        await self._call("AddHomeAgent", str(address), str(prefix), pinned)

    async def accept_home_agent(self, address: IPv6Address) -> None:
        """Believe that a home agent has another prefix or hardware address than before."""
        await self._call("AcceptHomeAgent", str(address))

    async def remove_home_agent(self, address: IPv6Address) -> None:
        """Forget a home agent."""
        await self._call("RemoveHomeAgent", str(address))

    async def set_interface_priority(self, name: str, priority: int) -> None:
        """1 to 999; the smaller is preferred."""
        await self._call("SetInterfacePriority", name, priority)

    async def set_interface_order(self, names: Sequence[str]) -> None:
        """These interfaces are preferred in this order; others come behind them, in the order they had."""
        await self._call("SetInterfaceOrder", list(names))

    async def set_key(
        self,
        home_address: IPv6Address,
        home_agent: IPv6Address,
        kind: KeyKind,
        algorithm: str,
        spi_in: int,
        spi_out: int,
        secret: bytes,
        owner: KeyOwner = KeyOwner.COMPUTER,
    ) -> None:
        """Install a key, in place of one with the same addresses, `spi_out` and owner. The secret never comes back.

        To change keys: set one with other SPIs, then remove the old one. `algorithm`: see `KEY_ALGORITHMS`.
        """
        where = str(home_address), str(home_agent)
        await self._call("SetKey", *where, kind.value, algorithm, spi_in, spi_out, bytes(secret), owner.value)

    async def provide_key(
        self, home_address: IPv6Address, home_agent: IPv6Address, spi_out: int, secret: bytes
    ) -> None:
        """Hand over the secret of a key of the owner USER that is not available; it is kept in memory only."""
        await self._call("ProvideKey", str(home_address), str(home_agent), spi_out, bytes(secret))

    async def remove_key(self, home_address: IPv6Address, home_agent: IPv6Address, spi_out: int) -> None:
        """Forget a key."""
        await self._call("RemoveKey", str(home_address), str(home_agent), spi_out)

    async def invite(self, wish: GuestWish) -> Guest:
        """Let a guest in. The secret never comes back: whoever made it writes the invitation."""
        (answer,) = await self._call(
            "Invite",
            wish.name,
            text_of(wish.home_agent),
            text_of(wish.home_address),
            wish.kind.value,
            wish.algorithm,
            wish.expires_time or 0.0,
            [str(each) for each in wish.care_of_addresses],
            bytes(wish.secret),
        )
        return from_plain(Guest, from_variants(answer))

    async def rotate_key(self, wish: RotationWish) -> Guest:
        """Give a guest a new key. The secret never comes back: whoever made it writes the invitation."""
        until = wish.overlap_until or 0.0
        (answer,) = await self._call("RotateKey", wish.name, wish.algorithm, until, bytes(wish.secret))
        return from_plain(Guest, from_variants(answer))

    async def revoke(self, name: str) -> Guest:
        """End a guest: its key, its access and its binding."""
        (answer,) = await self._call("Revoke", name)
        return from_plain(Guest, from_variants(answer))

    async def set_home_agent_link(
        self, prefix: IPv6Network, address: IPv6Address, interface: str | None = None, advertise: bool = False
    ) -> None:
        """Serve a home link, and switch the home-agent role on. `interface` None: a virtual link."""
        await self._call("SetHomeAgentLink", str(prefix), str(address), interface or "", advertise)

    async def remove_home_agent_link(self, prefix: IPv6Network) -> None:
        """Serve this home link no more."""
        await self._call("RemoveHomeAgentLink", str(prefix))

    async def reload(self) -> None:
        """Have the settings file read again."""
        await self._call("Reload")


def text_of(address: IPv6Address | None) -> str:
    """An address as the bus carries it; "" for none."""
    return "" if address is None else str(address)
