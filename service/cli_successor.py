# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl join` with a new key for a home address that is there: the one before goes when the home agent accepts it."""

import argparse
import asyncio
from ipaddress import IPv6Address
from typing import Any

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import Invitation
from mnclient.model.invitation_use import IDENTIFIERS, identifiers_with
from mnclient.model.keys import KeyKind
from mnclient.model.status import HomeAddressState
from mnclient.units import Seconds
from service.cli_output import Output
from service.client import Client


async def take(
    client: Client,
    invitation: Invitation,
    kind: KeyKind,
    address: IPv6Address,
    arguments: argparse.Namespace,
    output: Output,
) -> None:
    """Use the new key, and keep it when the home agent accepts it. MobileIPv6Error: the one before is used again."""
    agent, spis = invitation.home_agent, (invitation.spi_in, invitation.spi_out)
    try:
        await try_identifier(client, invitation, address)
        await client.try_key(address, agent, kind, invitation.algorithm, *spis, invitation.secret)
        is_accepted = False if arguments.later else await _accepted(client, address, invitation, arguments.timeout)
        await client.keep_home_address(address)
    except BaseException:
        await client.cancel_trial()  # leaving the bus would do the same, a moment later
        raise
    if is_accepted:
        words = f"The home agent accepts the new key of {address}. The one before is not needed any more"
    else:
        words = (
            f"The new key of {address} is kept, and used from another network on; the one before goes when the home "
            "agent has accepted it"
        )
    output.done(words, home_address=address, accepted=is_accepted)


async def try_identifier(client: Client, invitation: Invitation, address: IPv6Address) -> None:
    """The name by which the home agent knows the home address, if the invitation has one."""
    if not invitation.identity:
        return
    rows: Any = await client.setting(IDENTIFIERS)
    value = identifiers_with(invitation, address, rows)
    if value is not None:
        await client.try_setting(IDENTIFIERS, value)


async def _accepted(client: Client, address: IPv6Address, invitation: Invitation, timeout: Seconds) -> bool:
    """True as soon as the home agent has accepted a registration under the new key; False at home, where none goes."""
    try:
        async with asyncio.timeout(timeout):
            async for now in client.watch():
                state = next((each for each in now.engine.home_addresses if each.address == address), None)
                if state is None:
                    continue
                if state.state is HomeAddressState.AT_HOME:
                    return False
                if state.state is HomeAddressState.REGISTERED and state.accepted_spi == invitation.spi_out:
                    return True
    except TimeoutError:
        pass
    raise MobileIPv6Error(
        f"The home agent did not accept the new key of {address} within {Seconds(timeout):g} s. The one before is used",
        hint="ask for another invitation: mnctl keys rotate; or try again where there is IPv6",
    )
