# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl join`: on the laptop, from an invitation to a home address that works, or to the reason why it does not.

Everything is on trial until the home agent has accepted: whatever goes wrong, the machine is as it was before.
"""

import argparse
import asyncio
import secrets
import sys
from ipaddress import IPv6Address
from pathlib import Path
from shlex import quote
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.config import HomeLinkConfig
from mnclient.model.invitation import (
    LARGEST_INVITATION,
    Invitation,
    InvitationError,
    SealedInvitation,
    parse_invitation,
)
from mnclient.model.invitation_use import has_home_address, key_in_its_way, key_of, preceding_key
from mnclient.model.keys import KeyKind
from mnclient.model.service_status import ServiceStatus
from mnclient.units import Seconds
from service import cli_passphrase
from service.cli_output import Output
from service.cli_successor import take, try_identifier
from service.cli_trial import tell
from service.client import Client, open_invitation
from service.contract import InvalidArgument, UnknownThing
from service.guest_rules import free_address

STANDARD_INPUT: Final = "-"
ENABLED: Final = "mobile_node.enabled"
_TRIES: Final = 3  # a person may mistype a passphrase


async def join(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Take an invitation."""
    invitation = await read_invitation(arguments)
    now = await client.status()
    output.boot_time = now.boot_time
    kind = _check(invitation, now, output)
    address = _home_address(invitation, arguments.home_address)
    _check_spi(address, invitation, now)
    if preceding_key(invitation, address, now) is not None:
        await take(client, invitation, kind, address, arguments, output)
        return
    _check_new(address, now)
    try:
        await _try(client, invitation, kind, address)
        is_verified = True if arguments.later else await _works(client, address, arguments.timeout, output)
        await client.keep_home_address(address)
    except BaseException:
        await client.cancel_trial()  # leaving the bus would do the same, a moment later
        raise
    if not any(each.address == invitation.home_agent and each.pinned for each in now.known_home_agents):
        await _know_home_agent(client, invitation, output)
    _tell_joined(address, arguments, output, is_verified=is_verified)
    await _tell_deadline(client, invitation, address, output)


# --- reading the invitation ---


async def read_invitation(arguments: argparse.Namespace) -> Invitation:
    """The invitation that the command line names, opened if it was sealed. InvitationError, or UnknownThing."""
    found = parse_invitation(_content(arguments.file))
    if isinstance(found, Invitation):
        return found
    if arguments.passphrase_file is not None:
        return await _unsealed(found, cli_passphrase.from_file(arguments.passphrase_file))
    question = f"Passphrase of the invitation for {found.name}"
    for _ in range(_TRIES - 1):
        try:
            return await _unsealed(found, _asked(question))
        except InvitationError as error:
            print(f"{error.title}.", file=sys.stderr)
    return await _unsealed(found, _asked(question))


def _asked(question: str) -> str:
    return cli_passphrase.asked(question, "give it in a file: --passphrase-file FILE")


async def _unsealed(sealed: SealedInvitation, passphrase: str) -> Invitation:
    return await asyncio.to_thread(open_invitation, sealed, passphrase)


def _content(name: str) -> bytes | str:
    if name == STANDARD_INPUT:
        try:
            return sys.stdin.read(LARGEST_INVITATION + 1)
        except UnicodeError:
            raise InvitationError("This is not text", accepted="an invitation, exactly as it was sent") from None
    try:
        path = Path(name)
        if path.exists() and not path.is_file():
            raise InvitationError("This is not a file", accepted="an invitation that was saved as a file")
        with path.open("rb") as file:
            return file.read(LARGEST_INVITATION + 1)
    except (FileNotFoundError, ValueError):  # ValueError: a name with a NUL in it
        raise UnknownThing(f"There is no file {name}", hint="give the invitation that the home agent wrote") from None


# --- judging it ---


def _check(invitation: Invitation, now: ServiceStatus, output: Output) -> KeyKind:
    """The kind of its key. MobileIPv6Error unless it can be used here and now."""
    if invitation.expires_time is not None and invitation.is_expired(output.now):
        title = (
            f"This invitation expired {output.clock(invitation.expires_time)}; here it is {output.clock(output.now)}"
        )
        raise MobileIPv6Error(title, hint="ask for a new one; or set the clock of this computer, if that is wrong")
    kind = invitation.kind
    if kind is None:
        hint = "ask for one with a key, or go without: mnctl home-addresses try"
        raise MobileIPv6Error("This invitation has no key, so nothing would be protected", hint=hint)
    if kind.value not in now.protections:
        hint = f"ask for another one: mnctl invite {quote(invitation.name)} --protection {KeyKind.RFC4285.value}"
        raise MobileIPv6Error(f"This computer cannot use keys of the kind {kind.value}", hint=hint)
    if (there := key_of(invitation, now)) is not None:
        raise MobileIPv6Error(
            f"This invitation was used here already, for {there.home_address}",
            hint=f"nothing has to be done; if the address was given up: mnctl home-addresses add {there.home_address} "
            f"--home-agent {invitation.home_agent}",
        )
    return kind


def _home_address(invitation: Invitation, wished: IPv6Address | None) -> IPv6Address:
    if invitation.home_address is None:
        link = HomeLinkConfig(prefix=invitation.prefix, address=invitation.home_agent, interface=None)
        return wished or free_address(link, (), secrets.randbelow)
    if wished not in (None, invitation.home_address):
        title = f"The invitation is for {invitation.home_address}, not for {wished}"
        raise InvalidArgument(title, hint="leave --home-address out")
    return invitation.home_address


def _check_new(address: IPv6Address, now: ServiceStatus) -> None:
    if has_home_address(address, now):
        hint = f"remove it first: mnctl home-addresses remove {address}"
        raise InvalidArgument(
            f"{address} is a home address of this computer, with no key of this invitation", hint=hint
        )


def _check_spi(address: IPv6Address, invitation: Invitation, now: ServiceStatus) -> None:
    if (other := key_in_its_way(invitation, address, now)) is not None:
        raise InvalidArgument(
            f"The number {invitation.spi_in} (SPI) of this invitation is in use for another key of {address}",
            hint=f"remove that first: mnctl keys remove {address} {other.home_agent} {other.spi_out}",
        )


# --- trying it ---


async def _try(client: Client, invitation: Invitation, kind: KeyKind, address: IPv6Address) -> None:
    """The address comes last: whatever it needs is there before."""
    if await client.setting(ENABLED) is not True:
        await client.try_setting(ENABLED, "true")
    agent, spis = invitation.home_agent, (invitation.spi_in, invitation.spi_out)
    await try_identifier(client, invitation, address)
    await client.try_key(address, agent, kind, invitation.algorithm, *spis, invitation.secret)
    await client.try_home_address(address, agent, invitation.prefix.prefixlen)


async def _works(client: Client, address: IPv6Address, timeout: Seconds, output: Output) -> bool:
    """Whether it was verified, as soon as it was, or registered when time is up. MobileIPv6Error when neither."""
    try:
        async with asyncio.timeout(timeout):
            await tell(client, address, output, until_it_works=True)
        return True
    except TimeoutError:
        now = await client.status()
    if any(each.address == address and each.registered for each in now.engine.home_addresses):
        return False
    problem = next((each for each in now.engine.problems if each.subject == str(address)), None)
    why = f": {problem.declaration.title[0].lower()}{problem.declaration.title[1:]}" if problem else ""
    raise MobileIPv6Error(
        f"{address} was not accepted within {Seconds(timeout):g} s{why}. Nothing was changed",
        hint="try again where there is IPv6; or keep it now, to be tried by itself: mnctl join --later",
    )


async def _know_home_agent(client: Client, invitation: Invitation, output: Output) -> None:
    """Never believe another router in its place. Without room in the list the home address works all the same."""
    try:
        await client.add_home_agent(invitation.home_agent, invitation.prefix, pinned=True)
    except MobileIPv6Error as error:
        if not output.as_json:
            output.line(f"The home agent is not in the list of known ones: {error.title}.")


async def _tell_deadline(client: Client, invitation: Invitation, address: IPv6Address, output: Output) -> None:
    """At home, and before there is a network, nothing is registered: the home agent has not seen the invitation."""
    states = {each.address: each for each in (await client.status()).engine.home_addresses}
    has_come = address in states and states[address].registered
    if invitation.expires_time is not None and not has_come and not output.as_json:
        output.line(
            "The home agent has not heard of it yet. It must, from another network, before "
            f"{output.clock(invitation.expires_time)}: then the invitation expires."
        )


def _tell_joined(address: IPv6Address, arguments: argparse.Namespace, output: Output, *, is_verified: bool) -> None:
    again = "The invitation is not needed any more; remove it" if arguments.file != STANDARD_INPUT else ""
    if arguments.later:
        words = f"Home address {address} is kept, and registered as soon as there is a network; see: mnctl status"
    elif is_verified:
        words = f"It works. Home address {address} is kept"
    else:
        words = (
            f"Home address {address} is registered and kept, but a test packet did not come back; see: mnctl problems"
        )
    output.done(*filter(None, (words, again)), home_address=address, verified=is_verified and not arguments.later)
