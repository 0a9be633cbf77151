# SPDX-License-Identifier: GPL-2.0-or-later
"""The key of an invitation as other programs are told it: `ip xfrm`, setkey, strongSwan, mip6d. Text only.

Home agents of others are keyed by hand. What they need is derived from the one secret (`security.esp_keys`): a key for
each association and direction where the cipher counts, so that both ends encrypt with different ones. `Side` is the end
that the text is for; SPIs and keys are the same at both, directions are not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import Invitation
from mnclient.model.keys import KeyKind
from mnclient.model.security import SecurityAssociation
from mnclient.network.xfrm_esp import ALGORITHMS
from mnclient.security.esp_keys import Purpose, Sender, association_key, pre_shared_key, purpose_spi


class Form(Enum):
    """For which program."""

    IP_XFRM = "ip-xfrm"  # a batch for ip(8) of Linux
    SETKEY = "setkey"  # setkey(8) of the BSDs
    STRONGSWAN = "strongswan"  # swanctl.conf(5)
    MIP6D = "mip6d"  # mip6d.conf(5) of UMIP


class Side(Enum):
    """Which end."""

    HOME_AGENT = "home-agent"
    MOBILE_NODE = "mobile-node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One association, in one direction. `reqid` is the number by which policies name it, the same in all forms."""

    purpose: Purpose
    sender: Sender
    source: IPv6Address
    destination: IPv6Address
    spi: int
    reqid: int
    key: bytes = field(repr=False)


_REQIDS: Final = {
    (Purpose.SIGNALLING, Sender.MOBILE_NODE): 1,
    (Purpose.SIGNALLING, Sender.HOME_AGENT): 2,
    (Purpose.TUNNEL, Sender.MOBILE_NODE): 3,
    (Purpose.TUNNEL, Sender.HOME_AGENT): 4,
}
_SOLICITATION, _ADVERTISEMENT = 146, 147  # mobile prefix discovery, as types of ICMPv6
_ACKNOWLEDGEMENT, _UPDATE = 6, 5  # as types of the Mobility Header
_SETKEY_CIPHERS: Final = {"aes-gcm": "aes-gcm-16", "aes-cbc": "rijndael-cbc", "3des-cbc": "3des-cbc"}
_PROPOSALS: Final = {
    "aes-gcm-256": "aes256gcm16",
    "aes-gcm-128": "aes128gcm16",
    "chacha20-poly1305": "chacha20poly1305",
    "3des-cbc+hmac-sha1": "3des-sha1",
}


def export(invitation: Invitation, form: Form, side: Side) -> str:
    """The text for one program at one end. It has secrets in it. MobileIPv6Error when there is none for this key."""
    association = _association(invitation)
    return "\n".join((*_heading(invitation, form, side), *_WRITERS[form](invitation, association, side))) + "\n"


def exported(association: SecurityAssociation) -> tuple[Exported, ...]:
    """All four associations of a key, as the mobile node has it (RFC 4877 section 4.1)."""
    home, agent = association.home_address, association.home_agent
    found = []
    for purpose in Purpose:
        for sender, spi in ((Sender.MOBILE_NODE, association.spi_out), (Sender.HOME_AGENT, association.spi_in)):
            is_up = sender is Sender.MOBILE_NODE
            found.append(
                Exported(
                    purpose=purpose,
                    sender=sender,
                    source=home if is_up else agent,
                    destination=agent if is_up else home,
                    spi=purpose_spi(spi, purpose),
                    reqid=_REQIDS[purpose, sender],
                    key=association_key(association, purpose, sender),
                )
            )
    return tuple(found)


def _association(invitation: Invitation) -> SecurityAssociation:
    if invitation.kind is not KeyKind.ESP:
        kind = "has no key" if invitation.kind is None else f"has a key of the kind {invitation.kind.value}"
        title = f"This invitation {kind}, and these programs know keys for IPsec (esp) alone"
        raise MobileIPv6Error(title, hint="make one for them: mnctl invite NAME --protection esp")
    if invitation.home_address is None:
        title = "This invitation leaves the home address open, and a key is for one address"
        raise MobileIPv6Error(title, hint="make one with an address: mnctl invite NAME --home-address ADDRESS")
    return SecurityAssociation(
        home_address=invitation.home_address,
        home_agent=invitation.home_agent,
        kind=invitation.kind,
        algorithm=invitation.algorithm,
        spi_in=invitation.spi_in,
        spi_out=invitation.spi_out,
        secret=invitation.secret,
    )


def _heading(invitation: Invitation, form: Form, side: Side) -> Iterable[str]:
    # A name is somebody's text: in a comment of these programs only a line break could end it, and names have none.
    yield f"# The {side.value.replace('-', ' ')}'s key for {invitation.name}, in the form of {form.value}."
    yield "# It is a secret: whoever has it can take the home address. Keep the file from others (chmod 600)."


def _is_out(each: Exported, side: Side) -> bool:
    return (each.sender is Sender.MOBILE_NODE) == (side is Side.MOBILE_NODE)


# --- ip xfrm --------------------------------------------------------------------------------------------------------


def _ip_xfrm(_: Invitation, association: SecurityAssociation, side: Side) -> Iterable[str]:
    yield "# Load it with: ip -batch FILE. On a command line other users could read the keys."
    yield "# Tunnels end at the care-of address: whatever follows the laptop's moves has to add those, with policies."
    for each in exported(association):
        ends = f"src {each.source} dst {each.destination}"
        is_tunnel = each.purpose is Purpose.TUNNEL
        mode = "tunnel" if is_tunnel else "transport"
        state = f"xfrm state add {ends} proto esp spi {each.spi:#x} reqid {each.reqid} mode {mode}"
        selector = "" if is_tunnel else f" sel src {each.source}/128 dst {each.destination}/128"
        yield f"{'# ' if is_tunnel else ''}{state} replay-window 0 {_ip_algorithms(association, each.key)}{selector}"
    for each in exported(association):
        if each.purpose is Purpose.SIGNALLING:
            yield from _ip_policies(each, side)


def _ip_algorithms(association: SecurityAssociation, key: bytes) -> str:
    algorithm = ALGORITHMS[association.algorithm]
    cipher, rest = key[: algorithm.cipher_key], key[algorithm.cipher_key :]
    if not rest:
        return f"aead {algorithm.cipher} 0x{cipher.hex()} {algorithm.check}"
    check = f"auth-trunc {algorithm.authentication} 0x{rest.hex()} {algorithm.check}"
    return f"{check} enc {algorithm.cipher} 0x{cipher.hex()}"


def _ip_policies(each: Exported, side: Side) -> Iterable[str]:
    is_up, is_out = each.sender is Sender.MOBILE_NODE, _is_out(each, side)
    message, prefixes = (_UPDATE, _SOLICITATION) if is_up else (_ACKNOWLEDGEMENT, _ADVERTISEMENT)
    # Linux does not find the type of a Mobility Header that comes in.
    kinds = (f"mobility-header{f' type {message}' if is_out else ''}", f"ipv6-icmp type {prefixes}")
    ends = f"src {each.source}/128 dst {each.destination}/128"
    wanted = (
        f"tmpl src {each.source} dst {each.destination} proto esp spi {each.spi:#x} reqid {each.reqid} mode transport"
    )
    headers = "" if is_out else _ip_header(each)
    for kind in kinds:
        yield f"xfrm policy add {ends} proto {kind} dir {'out' if is_out else 'in'} priority 10 {wanted}{headers}"


def _ip_header(each: Exported) -> str:
    """What has undone the Home Address option or the routing header before (Mobile IPv6 in the kernel)."""
    if each.sender is Sender.MOBILE_NODE:
        return f" tmpl src :: dst {each.destination} proto hao mode ro level use"
    return f" tmpl src {each.source} dst {each.destination} proto route2 mode ro level use"


# --- setkey ---------------------------------------------------------------------------------------------------------


def _setkey(_: Invitation, association: SecurityAssociation, side: Side) -> Iterable[str]:
    cipher = _setkey_cipher(association.algorithm)
    yield "# Load it with: setkey -f FILE. Tunnels are from and to the home address until somebody follows the laptop."
    if "hmac-sha-" in association.algorithm:
        yield "# On Linux setkey cuts HMAC-SHA-256 to 96 bits, which does not fit (RFC 4868): use ip-xfrm there."
    for each in exported(association):
        mode = "tunnel" if each.purpose is Purpose.TUNNEL else "transport"
        yield f"add {each.source} {each.destination} esp {each.spi:#x} -u {each.reqid} -m {mode}"
        yield f"\t{_setkey_algorithms(association, cipher, each.key)} ;"
    for each in exported(association):
        if each.purpose is Purpose.SIGNALLING:
            way = "out" if _is_out(each, side) else "in"
            prefixes = _SOLICITATION if each.sender is Sender.MOBILE_NODE else _ADVERTISEMENT
            for kind in ("135", f"icmp6 {prefixes},0"):
                policy = f"-P {way} ipsec esp/transport//unique:{each.reqid}"
                yield f"spdadd {each.source} {each.destination} {kind} {policy} ;"


def _setkey_cipher(algorithm: str) -> str:
    found = next((name for start, name in _SETKEY_CIPHERS.items() if algorithm.startswith(start)), None)
    if found is None:
        hint = "choose another one: mnctl invite NAME --algorithm aes-gcm-256"
        raise MobileIPv6Error(f"setkey has no {algorithm}", hint=hint)
    return found


def _setkey_algorithms(association: SecurityAssociation, cipher: str, key: bytes) -> str:
    algorithm = ALGORITHMS[association.algorithm]
    first, rest = key[: algorithm.cipher_key], key[algorithm.cipher_key :]
    if not rest:
        return f"-E {cipher} 0x{first.hex()}"
    digest = algorithm.authentication.removeprefix("hmac(sha").removesuffix(")")
    name = "hmac-sha1" if digest == "1" else f"hmac-sha2-{digest}"
    return f"-E {cipher} 0x{first.hex()} -A {name} 0x{rest.hex()}"


# --- strongSwan -----------------------------------------------------------------------------------------------------


def _strongswan(_: Invitation, association: SecurityAssociation, side: Side) -> Iterable[str]:
    home, agent = association.home_address, association.home_agent
    mine, theirs = (agent, home) if side is Side.HOME_AGENT else (home, agent)
    proposal = _PROPOSALS.get(association.algorithm) or association.algorithm.replace("-cbc-", "").replace(
        "+hmac-sha-", "-sha"
    )
    yield "# strongSwan takes no keys by hand, it negotiates them (IKEv2): both ends have to run it, mnclient does not."
    yield "# The pre-shared key is derived from the invitation's secret, and is the same at both ends."
    yield from _swan_connection(mine, theirs, proposal)
    yield from (
        "secrets {",
        "    ike-mobile-ipv6 {",
        f"        id-1 = {home}",
        f"        id-2 = {agent}",
        f"        secret = 0x{pre_shared_key(association).hex()}",
        "    }",
        "}",
    )


def _swan_connection(mine: IPv6Address, theirs: IPv6Address, proposal: str) -> tuple[str, ...]:
    return (
        "connections {",
        "    mobile-ipv6 {",
        "        version = 2",
        f"        local_addrs = {mine}",
        f"        remote_addrs = {theirs}",
        "        local {",
        "            auth = psk",
        f"            id = {mine}",
        "        }",
        "        remote {",
        "            auth = psk",
        f"            id = {theirs}",
        "        }",
        "        children {",
        "            signalling {",
        "                mode = transport",
        f"                esp_proposals = {proposal}",
        f"                local_ts = {mine}/128[135]",
        f"                remote_ts = {theirs}/128[135]",
        "                start_action = trap",
        "            }",
        "        }",
        "    }",
        "}",
    )


# --- mip6d ----------------------------------------------------------------------------------------------------------


def _mip6d(invitation: Invitation, association: SecurityAssociation, side: Side) -> Iterable[str]:
    yield "# The policies, for mip6d.conf. The associations with the keys are those of --for setkey or --for ip-xfrm:"
    yield "# the numbers behind UseESP (to the home agent, to the laptop) are those behind -u and reqid there."
    yield f"NodeConfig {'HA' if side is Side.HOME_AGENT else 'MN'};"
    yield "UseMnHaIPsec enabled;"
    yield "KeyMngMobCapability disabled;"
    yield "IPsecPolicySet {"
    yield f"    HomeAgentAddress {association.home_agent};"
    yield f"    HomeAddress {association.home_address}/{invitation.prefix.prefixlen};"
    yield "    IPsecPolicy HomeRegBinding UseESP 1 2;"
    yield "    IPsecPolicy MobPfxDisc UseESP 1 2;"
    yield "    IPsecPolicy TunnelMh UseESP 3 4;"
    yield "}"


_WRITERS: Final[dict[Form, Callable[[Invitation, SecurityAssociation, Side], Iterable[str]]]] = {
    Form.IP_XFRM: _ip_xfrm,
    Form.SETKEY: _setkey,
    Form.STRONGSWAN: _strongswan,
    Form.MIP6D: _mip6d,
}
