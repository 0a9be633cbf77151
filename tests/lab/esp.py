# SPDX-License-Identifier: GPL-2.0-or-later
"""A home agent and a laptop that share a key, and what is seen of it on the wire."""

import struct
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mnclient.model.keys import KeyKind
from mnclient.model.security import SecurityAssociation
from mnclient.security.esp_keys import Purpose, Sender, association_key, purpose_spi
from tests.lab import settings
from tests.lab.node import Node
from tests.lab.patience import patient
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import HOME_AGENT_ADDRESS

UP, DOWN = 0x1001, 0x1002  # SPIs, from the laptop and to it
TUNNEL_UP, TUNNEL_DOWN = UP | 0x8000_0000, DOWN | 0x8000_0000
_TSHARK = {  # what tshark calls the algorithms
    "aes-gcm-256": ("AES-GCM with 16 octet ICV [RFC4106]", "NULL"),
    "aes-gcm-128": ("AES-GCM with 16 octet ICV [RFC4106]", "NULL"),
    "aes-cbc-128+hmac-sha-256": ("AES-CBC [RFC3602]", "HMAC-SHA-256-128 [RFC4868]"),
    "3des-cbc+hmac-sha1": ("TripleDES-CBC [RFC2451]", "HMAC-SHA-1-96 [RFC2404]"),
}


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key as both ends are told it."""

    home_address: IPv6Address
    algorithm: str = "aes-gcm-256"
    secret: bytes = field(default=bytes(range(36)), repr=False)
    up: int = UP
    down: int = DOWN

    def install(self, service: Service, *, at_agent: bool) -> None:
        """Tell one end, as a person would."""
        file = service.node.folder / f"{service.node.name}-secret"
        file.write_text(self.secret.hex())
        spi_in, spi_out = (self.up, self.down) if at_agent else (self.down, self.up)
        names = [str(self.home_address), str(HOME_AGENT_ADDRESS)]
        kind = ["--kind", "esp", "--algorithm", self.algorithm, "--secret-file", str(file)]
        service.mnctl("keys", "set", *names, *kind, "--spi-in", str(spi_in), "--spi-out", str(spi_out))

    def remove(self, service: Service, *, at_agent: bool) -> None:
        """Let one end forget it."""
        spi_out = self.down if at_agent else self.up
        service.mnctl("keys", "remove", str(self.home_address), str(HOME_AGENT_ADDRESS), str(spi_out))

    @property
    def association(self) -> SecurityAssociation:
        """As the laptop has it."""
        return SecurityAssociation(
            home_address=self.home_address,
            home_agent=HOME_AGENT_ADDRESS,
            kind=KeyKind.ESP,
            algorithm=self.algorithm,
            spi_in=self.down,
            spi_out=self.up,
            secret=self.secret,
        )


def start_keyed(roaming: Roaming) -> Key:
    """Both services, which go with a key or not at all; the laptop gets its home address at home."""
    agent = roaming.lab.start_home_agent(settings.protected(settings.home_agent()))
    laptop = roaming.lab.start_laptop(settings.protected(settings.laptop()))
    roaming.adopt(agent, laptop)
    key = Key(home_address=roaming.home_address())
    key.install(agent, at_agent=True)
    key.install(laptop, at_agent=False)
    return key


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A packet with ESP or a Mobility Header, as tshark reads it with the key. `spi` 0: it was in clear.

    `headers` are those behind the outer IPv6 header; `inner` has the addresses of an inner one; `kind` is the type of
    the Mobility Header, None when there is none.
    """

    source: str
    destination: str
    inner: tuple[str, str] | None
    headers: list[str]
    spi: int
    sequence: int
    kind: int | None
    home_option: str
    routed_to: str
    alternate: str
    key_management: bool
    status: int | None


_FIELDS = (
    "ipv6.src", "ipv6.dst", "frame.protocols", "esp.spi", "esp.sequence", "mip6.mhtype", "ipv6.opt.mipv6.home_address",
    "ipv6.routing.mipv6.home_address", "mip6.acoa.acoa", "mip6.bu.k_flag", "mip6.ba.k_flag", "mip6.ba.status",
)  # fmt: skip


def seen(capture: Path, key: Key) -> list[Seen]:
    """What a capture has of ESP and Mobility Headers, decrypted by tshark."""
    return [_seen(dict(zip(_FIELDS, row, strict=True))) for row in _decrypted(capture, key)]


def _seen(row: dict[str, str]) -> Seen:
    sources, destinations = row["ipv6.src"].split(","), row["ipv6.dst"].split(",")
    kind, status = row["mip6.mhtype"].split(",")[0], row["mip6.ba.status"]
    return Seen(
        source=sources[0],
        destination=destinations[0],
        inner=(sources[1], destinations[1]) if len(sources) > 1 else None,
        headers=row["frame.protocols"].partition(":ipv6:")[2].split(":"),
        spi=int(row["esp.spi"] or "0", 16),
        sequence=int(row["esp.sequence"] or "0"),
        kind=int(kind) if kind else None,
        home_option=row["ipv6.opt.mipv6.home_address"],
        routed_to=row["ipv6.routing.mipv6.home_address"],
        alternate=row["mip6.acoa.acoa"],
        key_management=not {"1", "True"}.isdisjoint((row["mip6.bu.k_flag"], row["mip6.ba.k_flag"])),
        status=int(status) if status else None,
    )


def _decrypted(capture: Path, key: Key) -> list[list[str]]:
    options = ["-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE"]
    cipher, authentication = _TSHARK[key.algorithm]
    for purpose in Purpose:
        for sender, spi in ((Sender.MOBILE_NODE, key.up), (Sender.HOME_AGENT, key.down)):
            material = association_key(key.association, purpose, sender)
            split = len(material) if authentication == "NULL" else _cipher_octets(key.algorithm)
            rest = f"0x{material[split:].hex()}" if material[split:] else ""
            name = f"0x{purpose_spi(spi, purpose):08x}"
            words = ("IPv6", "*", "*", name, cipher, f"0x{material[:split].hex()}", authentication, rest)
            row = ",".join(f'"{word}"' for word in words)
            options += ["-o", f"uat:esp_sa:{row}"]
    wanted = [word for name in _FIELDS for word in ("-e", name)]
    command = [
        "tshark",
        "-r",
        str(capture),
        "-T",
        "fields",
        "-E",
        "separator=|",
        *options,
        "-Y",
        "esp or mipv6",
        *wanted,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=patient(60))
    return [line.split("|") for line in done.stdout.splitlines()]


def _cipher_octets(algorithm: str) -> int:
    return 24 if algorithm.startswith("3des") else int(algorithm.split("-")[2].partition("+")[0]) // 8


def encrypted(key: Key, payload: bytes, next_header: int, *, sequence: int) -> bytes:
    """ESP as the laptop would send it with a key for AES-GCM (RFC 4303 section 2, RFC 4106), by other hands."""
    material = association_key(key.association, Purpose.SIGNALLING, Sender.MOBILE_NODE)
    padding = -(len(payload) + 2) % 4
    clear = payload + bytes(range(1, padding + 1)) + bytes((padding, next_header))
    head, vector = struct.pack("!II", key.up, sequence), struct.pack("!Q", sequence)
    return head + vector + AESGCM(material[:-4]).encrypt(material[-4:] + vector, clear, head)


# --- what the kernel says ----


def associations(node: Node) -> dict[tuple[int, str], tuple[str, str]]:
    """The two ends of each ESP association, by SPI and mode."""
    found = {}
    for block in _blocks(node.run(["ip", "xfrm", "state", "list", "nokeys"])):
        if "proto esp" in block:
            words = block.split()
            spi = int(words[words.index("spi") + 1], 16)
            found[spi, words[words.index("mode") + 1]] = (words[1], words[3])
    return found


@dataclass(frozen=True, kw_only=True)
class PolicySeen:
    """A policy: `what` is source, destination, protocol and type; `spi` 0 where it asks for any, or not for ESP."""

    what: tuple[str, str, int, int | None]
    way: str
    spi: int
    ends: tuple[str, str]
    device: str


_PROTOCOLS = {"mobility-header": 135, "ipv6-icmp": 58}


def policies(node: Node) -> list[PolicySeen]:
    """Those for Mobility Headers and ICMPv6."""
    found = []
    for block in _blocks(node.run(["ip", "xfrm", "policy"])):
        words = block.split()
        if "proto" not in words or words[words.index("proto") + 1] not in _PROTOCOLS or words[4] != "proto":
            continue
        protocol = _PROTOCOLS[words[5]]
        kind = int(words[7]) if words[6] == "type" else None
        esp = next((each for each in block.split("tmpl ")[1:] if "proto esp" in each), "")
        ends = esp.split()
        found.append(
            PolicySeen(
                what=(
                    words[1].removesuffix("/128").removesuffix("/0"),
                    words[3].removesuffix("/128").removesuffix("/0"),
                    protocol,
                    kind,
                ),
                way=words[words.index("dir") + 1],
                spi=int(ends[ends.index("spi") + 1], 16) if "spi" in ends else 0,
                ends=(ends[1], ends[3]) if esp else ("", ""),
                device=words[words.index("dev") + 1] if "dev" in words else "",
            )
        )
    return found


def refusals(node: Node) -> Counter[str]:
    """What the kernel has refused so far, by its own names for why."""
    words = node.run(["cat", "/proc/net/xfrm_stat"]).split()
    return Counter(dict(zip(words[::2], map(int, words[1::2]), strict=True)))


def _blocks(text: str) -> list[str]:
    """What begins at the margin, with what is indented below."""
    found: list[str] = []
    for line in text.splitlines():
        if line[:1].isspace() and found:
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found
