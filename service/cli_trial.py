# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl home-addresses try`: use a home address on trial as long as this program runs, and tell how it goes."""

import argparse
import asyncio
from ipaddress import IPv6Address
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus
from mnclient.units import Seconds
from service.cli_output import Output
from service.cli_status import describe_home_address
from service.client import Client

VERIFY: Final = "mobile_node.verify"
HOPELESS: Final = (HomeAddressState.REFUSED, HomeAddressState.DUPLICATE, HomeAddressState.UNPROTECTED)
"""Only a person can change these."""


async def try_home_address(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Until interrupted, or with --keep until it works. It is given up unless it was kept."""
    address: IPv6Address = arguments.address
    await client.try_home_address(address, arguments.home_agent, arguments.prefix_length)
    try:
        async with asyncio.timeout(arguments.timeout):
            await tell(client, address, output, until_it_works=arguments.keep)
        await client.keep_home_address(address)
    except TimeoutError:
        await client.cancel_trial(address)
        raise MobileIPv6Error(
            f"{address} does not work after {Seconds(arguments.timeout):g} s, and was given up",
            hint="wait longer, or see what is wrong: mnctl problems",
        ) from None
    except asyncio.CancelledError:
        await client.cancel_trial(address)  # leaving the bus would do the same, a moment later
        if not output.as_json:
            output.line(f"{address} is given up")
        raise
    output.done("It works", f"Home address {address} is kept")


async def tell(client: Client, address: IPv6Address, output: Output, until_it_works: bool) -> None:
    """A line for each stage of a trial. Returns when it works and that is what is waited for.

    MobileIPv6Error when only a person can make it work; the trial is cancelled then.
    """
    is_verified = await client.setting(VERIFY) is True
    told: HomeAddressStatus | None = None
    async for now in client.watch():
        output.boot_time = now.boot_time
        if all(each.address != address for each in now.home_addresses):
            raise MobileIPv6Error(f"{address} was removed while it was tried", hint="see: mnctl home-addresses")
        state = next((each for each in now.engine.home_addresses if each.address == address), None)
        if state is None:
            continue
        if told is None or _stage(state) != _stage(told):
            _line(state, output)
            told = state
        if state.state in HOPELESS:
            await client.cancel_trial(address)
            raise _hopeless(now, address, state, output)
        if until_it_works and _works(state, is_verified):
            return


def _stage(state: HomeAddressStatus) -> tuple[object, ...]:
    """What makes a new line; a longer lifetime does not."""
    return state.state, state.care_of_address, state.registered, state.verified


def _line(state: HomeAddressStatus, output: Output) -> None:
    if output.as_json:
        output.json(status=state)
    else:
        output.line(f"{output.clock(output.now)}  {describe_home_address(state, output)}")


def _works(state: HomeAddressStatus, is_verified: bool) -> bool:
    if state.state is HomeAddressState.AT_HOME:
        return True
    return state.state is HomeAddressState.REGISTERED and (state.verified is True or not is_verified)


def _hopeless(now: ServiceStatus, address: IPv6Address, state: HomeAddressStatus, output: Output) -> MobileIPv6Error:
    problem = next((each for each in now.engine.problems if each.subject == str(address)), None)
    if problem is None:
        return MobileIPv6Error(f"{address} does not work: {describe_home_address(state, output)}")
    return MobileIPv6Error(f"{problem.declaration.title}. {problem.text()}".rstrip("."), hint=problem.remedy())
