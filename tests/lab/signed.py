# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys for signed registrations (RFC 4285) in the lab, and such messages made by hand, by the letter of the RFC alone.

Nothing here uses the product's codec: what it would refuse to sign must be signed.
"""

import hmac
import struct
import time
from typing import Final

from tests.lab.hostile import BA, MOBILITY, ROUTING, Address, acknowledgement, ipv6, mobility, packed, type_2
from tests.lab.household import Household
from tests.lab.registration_tape import Update
from tests.lab.roaming import Roaming
from tests.lab.topology import HOME_AGENT_ADDRESS

KEY, OTHER_KEY = "00112233445566778899aabbccddeeff", "ff" * 16
TO_AGENT, TO_LAPTOP = 1256, 2256
"""The SPIs in Binding Updates and in their answers."""
THEIR_KEY, FROM_THEM = "a5" * 16, 1300
"""Key and SPI of another guest of the home agent, an honest one with his own home address."""
LAPTOP, AGENT = "mobile_node.allow_unprotected_signalling", "home_agent.allow_unprotected_signalling"
"""The settings that would let unprotected registrations pass."""

AUTHENTICATOR: Final = 12  # octets, section 5.1
DAY: Final = 86400.0
NTP_EPOCH: Final = 2_208_988_800  # seconds from 1900 to 1970
NAME: Final = b"laptop@example.org"
_PAD_1, _PAD_N = 0, 1
_IDENTIFIER, _AUTHENTICATION, _MESSAGE_IDENTIFICATION = 8, 9, 10
_MN_HA, _MN_AAA, _NAI = 1, 2, 1
FOR_A_SERVER: Final = bytes((0, _AUTHENTICATION, 5 + AUTHENTICATOR, _MN_AAA)) + (3).to_bytes(4) + bytes(AUTHENTICATOR)
"""An authenticator for an AAA server of SPI 3, aligned behind the data of a Binding Update (section 5.2)."""


def signed_house(roaming: Roaming) -> Household:
    """Both ends have the key of the laptop's home address, and neither may go without."""
    home = Household(roaming.lab, home_agent=roaming.home_agent, laptop=roaming.laptop)
    require_keys(home)
    install(home, KEY)
    return home


def require_keys(house: Household) -> None:
    """Neither end may go without a key from now on."""
    house.home_agent.mnctl("settings", "set", AGENT, "false")
    house.laptop.mnctl("settings", "set", LAPTOP, "false")


def install(house: Household, key: str, *, at_agent: bool = True, at_laptop: bool = True) -> None:
    """`mnctl keys set` at both ends, as two people would."""
    address = str(house.home_addresses()[0].address)
    file = house.lab.laptop.folder / "secret"
    file.write_text(key)
    for service, is_wanted, spi_in, spi_out in (
        (house.home_agent, at_agent, TO_AGENT, TO_LAPTOP),
        (house.laptop, at_laptop, TO_LAPTOP, TO_AGENT),
    ):
        if is_wanted:
            place = [address, str(HOME_AGENT_ADDRESS), "--kind", "rfc4285", "--algorithm", "hmac-sha1-96"]
            spis = ["--spi-in", str(spi_in), "--spi-out", str(spi_out)]
            service.mnctl("keys", "set", *place, *spis, "--secret-file", str(file))


def invite_another(house: Household, home_address: Address) -> None:
    """The home agent has a key for one more home address."""
    file = house.lab.home_agent.folder / "their-secret"
    file.write_text(THEIR_KEY)
    place = [str(home_address), str(HOME_AGENT_ADDRESS), "--kind", "rfc4285", "--algorithm", "hmac-sha1-96"]
    spis = ["--spi-in", str(FROM_THEM), "--spi-out", str(FROM_THEM + 1)]
    house.home_agent.mnctl("keys", "set", *place, *spis, "--secret-file", str(file))


def padded(data: bytes, modulus: int, remainder: int) -> bytes:
    """With Pad1 until the next octet of the Mobility Header is at such an offset."""
    return data + bytes((remainder - 6 - len(data)) % modulus)


def signed(
    kind: int,
    data: bytes,
    source: Address,
    destination: Address,
    *,
    home: Address,
    care_of: Address,
    key: str = KEY,
    spi: int = TO_AGENT,
    shift: float = 0.0,
    timestamp: int | None = None,
    dated: bool = True,
    octets: int = AUTHENTICATOR,
) -> bytes:
    """A Mobility Header with identifier, timestamp and authenticator; right, unless told otherwise.

    `data` is that of `update` or `acknowledgement`, `shift` in seconds is how far the clock is wrong, `timestamp` one
    that is not of now, and of the authenticator there are so many `octets`. Unless `dated` there is no timestamp.
    `source` and `destination` are those of the pseudo-header.
    """
    if timestamp is None:
        timestamp = int((time.time() + shift + NTP_EPOCH) * 2**32)
    data += bytes((_IDENTIFIER, 1 + len(NAME), _NAI)) + NAME
    if dated:
        data = padded(data, 8, 2) + struct.pack("!BBQ", _MESSAGE_IDENTIFICATION, 8, timestamp)
    data = padded(data, 8, 5) + struct.pack("!BBBI", _AUTHENTICATION, 5 + octets, _MN_HA, spi)
    size = (6 + len(data) + octets + 7) // 8 - 1
    covered = packed(care_of) + packed(home) + struct.pack("!BBBBH", 59, size, kind, 0, 0) + data
    return mobility(kind, data + hmac.digest(bytes.fromhex(key), covered, "sha1")[:octets], source, destination)


def answer_to(update: Update, status: int, timestamp: int) -> bytes:
    """A Binding Acknowledgement under the key, as the home agent would send it."""
    home, care_of = update.home_address, update.seen.source
    data = acknowledgement(status, update.sequence)
    header = signed(BA, data, HOME_AGENT_ADDRESS, home, home=home, care_of=care_of, spi=TO_LAPTOP, timestamp=timestamp)
    return ipv6(HOME_AGENT_ADDRESS, care_of, ROUTING, type_2(MOBILITY, home) + header)


def options_in(header: bytes) -> list[tuple[int, int, bytes]]:
    """The mobility options of a Binding Update: where each begins, its type, and its data; without padding."""
    found: list[tuple[int, int, bytes]] = []
    place = 12
    while place < len(header):
        kind = header[place]
        length = 0 if kind == _PAD_1 else 2 + header[place + 1]
        if kind > _PAD_N:
            found.append((place, kind, header[place + 2 : place + length]))
        place += length or 1
    assert place == len(header) == (header[1] + 1) * 8
    return found
