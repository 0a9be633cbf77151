# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl invite`, `guests`, `revoke` and `keys rotate`: on the home agent, who may come, and with which key."""

import argparse
import secrets
from shlex import quote

from mnclient.model.guest import Guest, GuestState, GuestWish, RotationWish
from mnclient.model.keys import KEY_ALGORITHMS, KeyAlgorithm, KeyKind, find_algorithm
from service.cli_invitation_files import Destination
from service.cli_keys import warn_of_legacy
from service.cli_output import Output
from service.client import Client
from service.contract import InvalidArgument
from service.guest_rules import invitation_for, kind_for, successor_invitation_for


async def invite(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """A guest and its invitation, or neither."""
    destination = Destination.chosen(arguments)
    wish = await _wish(client, arguments, output)
    guest = await client.invite(wish)
    try:
        written = await destination.write(invitation_for(guest, wish.secret))
    except BaseException:
        # Nobody could use what was made: it must not stay half done.
        await client.revoke(guest.name)
        raise
    until = "at any time" if guest.expires_time is None else f"until {output.clock(guest.expires_time)}"
    words = f"{guest.name} is invited, with the home address {guest.home_address}. It can come {until}, once."
    destination.tell(guest, written, words, output)


async def _wish(client: Client, arguments: argparse.Namespace, output: Output) -> GuestWish:
    protections = (await client.status()).protections
    kind: KeyKind = arguments.protection or kind_for(protections)
    algorithm = _algorithm(kind, arguments.algorithm)
    return GuestWish(
        name=arguments.name,
        kind=kind,
        algorithm=algorithm.name,
        secret=secrets.token_bytes(algorithm.high),
        home_agent=arguments.home_agent,
        home_address=arguments.home_address,
        # Whole seconds, as the file has them: both ends mean the same moment.
        expires_time=None if arguments.expires is None else float(int(output.now + arguments.expires)),
        care_of_addresses=tuple(arguments.care_of_addresses),
    )


def _algorithm(kind: KeyKind, wanted: str | None) -> KeyAlgorithm:
    name = wanted or KEY_ALGORITHMS[kind][0].name
    algorithm = find_algorithm(kind, name)
    warn_of_legacy(algorithm)
    if algorithm is None:
        known = ", ".join(each.name for each in KEY_ALGORITHMS[kind])
        raise InvalidArgument(f"{name!r} is not an algorithm for {kind.value} (algorithm)", hint=f"one of: {known}")
    return algorithm


async def rotate(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """A new key for a guest, and the invitation that has it; or neither."""
    destination = Destination.chosen(arguments)
    kinds = [each.kind for each in await client.guests() if each.name == arguments.name and each.is_welcome]
    algorithm = _algorithm(kinds[0] if kinds else KeyKind.RFC4285, arguments.algorithm)  # who is no guest is refused
    wish = RotationWish(
        name=arguments.name,
        algorithm=algorithm.name,
        secret=secrets.token_bytes(algorithm.high),
        overlap_until=None if arguments.overlap is None else float(int(output.now + arguments.overlap)),
    )
    guest = await client.rotate_key(wish)
    try:
        written = await destination.write(successor_invitation_for(guest, wish.secret))
    except BaseException:
        await client.remove_key(*guest.key_identity)  # then the guest keeps the one before
        raise
    end = "" if wish.overlap_until is None else f", at most until {output.clock(wish.overlap_until)}"
    words = (
        f"{guest.name} has a new key for {guest.home_address}. The one before counts until it has come with it{end}."
    )
    destination.tell(guest, written, words, output)


async def show(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """Who was invited, and who came."""
    guests = await client.guests()
    if output.as_json:
        output.json(guests=guests)
        return
    rows = [
        [
            each.name,
            str(each.home_address),
            str(each.home_agent),
            f"{each.kind.value}, {each.algorithm}",
            f"{each.spi_in}, {each.spi_out}",
            _state(each, output),
        ]
        for each in guests
    ]
    headings = ["name", "home address", "home agent", "key", "SPIs in, out", "state"]
    output.table(headings, rows, "Nobody was invited. Invite somebody: mnctl invite NAME")


def _state(guest: Guest, output: Output) -> str:
    if guest.is_welcome and not guest.has_key:
        return f"its key is gone: mnctl revoke {quote(guest.name)}, then invite it anew"
    match guest.state:
        case GuestState.INVITED if guest.expires_time is not None:
            return f"invited until {output.clock(guest.expires_time)}, has not come yet"
        case GuestState.INVITED:
            return "invited, has not come yet"
        case GuestState.USED if guest.retiring is not None:
            end = guest.retiring.ends_time
            return "has a new key, and has not come with it yet" + (
                "" if end is None else f": until {output.clock(end)}"
            )
        case GuestState.USED:
            return "first came" if guest.used_time is None else f"first came {output.clock(guest.used_time)}"
        case GuestState.EXPIRED:
            return "expired before it came"
        case GuestState.REVOKED:
            return "revoked" if guest.ended_time is None else f"revoked {output.clock(guest.ended_time)}"


async def revoke(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """End a guest."""
    guest = await client.revoke(arguments.name)
    output.done(f"{guest.name} is no guest any more, and {guest.home_address} is free")
