# SPDX-License-Identifier: GPL-2.0-or-later
"""States that encrypt (ESP, RFC 4303) as the kernel's messages: values in and out, bytes in between.

A key goes in and never comes out: what is read back has none. `Algorithm` says which names and lengths the kernel has
for one of ours.
"""

import socket
import struct
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.network.rtnetlink import NLM_F_CREATE, NLM_F_EXCL, Message, attribute, attributes
from mnclient.network.xfrm import (
    CURRENT,
    ESP,
    FOREVER,
    ID,
    INET6,
    SELECTOR,
    STATE_END,
    STATE_ID,
    STATE_REST,
    STATE_SIZE,
    STATE_SOURCE,
    XFRM_MSG_DELSA,
    XFRM_MSG_GETSA,
    XFRM_MSG_NEWSA,
    XFRM_MSG_UPDSA,
    XFRMA_SA,
    Mode,
    Selector,
    packed_selector,
    read_selector,
)

_ALG_AUTH_TRUNCATED, _ALG_CRYPT, _REPLAY, _ALG_AEAD, _SET_MARK, _SET_MARK_MASK = 20, 2, 10, 18, 29, 30
_ALGORITHM: Final = struct.Struct("=64sI")
_ALGORITHM_WITH_CHECK: Final = struct.Struct("=64sII")
_NUMBER: Final = struct.Struct("=I")
_REPLAY_STATE: Final = struct.Struct("=III")  # last sent, last received, bitmap


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """One of the kernel's. `check` is the length of the integrity check value, in bits; lengths of keys in octets.

    Without `authentication` it is a combined mode, whose key has a salt behind it (RFC 4106, RFC 7634).
    """

    cipher: str
    cipher_key: int
    check: int
    authentication: str = ""
    authentication_key: int = 0


def _cbc(bits: int, digest: int) -> Algorithm:
    return Algorithm(
        cipher="cbc(aes)",
        cipher_key=bits // 8,
        check=digest // 2,
        authentication=f"hmac(sha{digest})",
        authentication_key=digest // 8,
    )


ALGORITHMS: Final[dict[str, Algorithm]] = {
    "aes-gcm-256": Algorithm(cipher="rfc4106(gcm(aes))", cipher_key=36, check=128),
    "aes-gcm-128": Algorithm(cipher="rfc4106(gcm(aes))", cipher_key=20, check=128),
    "chacha20-poly1305": Algorithm(cipher="rfc7539esp(chacha20,poly1305)", cipher_key=36, check=128),
    **{f"aes-cbc-{bits}+hmac-sha-{digest}": _cbc(bits, digest) for bits in (128, 256) for digest in (256, 384, 512)},
    "3des-cbc+hmac-sha1": Algorithm(
        cipher="cbc(des3_ede)", cipher_key=24, check=96, authentication="hmac(sha1)", authentication_key=20
    ),
}
"""By the names of `mnclient.model.keys`. Each authenticates: none is without (RFC 6275 section 5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EspState:
    """What tells it from others is `destination` and `spi`. `selector` bounds the packets it may be used for.

    `mark` is what packets carry that it has worked on, 0 for none. `sequence` is that of the last packet sent;
    `algorithm` and `key` are empty in what is read from the kernel. `failures` is read only: how many packets did not
    pass the check of their integrity (RFC 4303 section 3.4.4).
    """

    source: IPv6Address
    destination: IPv6Address
    spi: int
    mode: Mode
    selector: Selector
    reqid: int
    algorithm: str = ""
    key: bytes = field(default=b"", repr=False)
    mark: int = 0
    sequence: int = 0
    failures: int = 0


def esp_addition(state: EspState) -> Message:
    """Adds a state; EEXIST when there is one of this identity, ENOENT or ENOSYS when the algorithm is not known."""
    return Message(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, _body(state))


def esp_trial(state: EspState) -> Message:
    """Adds nothing, as long as there is no such state: ESRCH when the kernel could have added it."""
    return Message(XFRM_MSG_UPDSA, 0, _body(state))


def esp_removal(state: EspState) -> Message:
    """Removes a state; ESRCH when there is none."""
    return Message(XFRM_MSG_DELSA, 0, _identity(state))


def esp_question(state: EspState) -> Message:
    """Asks for the state of this identity."""
    return Message(XFRM_MSG_GETSA, 0, _identity(state))


def _identity(state: EspState) -> bytes:
    return STATE_ID.pack(state.destination.packed, socket.htonl(state.spi), INET6, ESP)


def _body(state: EspState) -> bytes:
    # No replay window: with manual keys the other end may begin anew at any time (RFC 4303 section 3.3.3), and Binding
    # Updates have sequence numbers of their own (RFC 3776 section 4.3).
    body = packed_selector(state.selector)
    body += ID.pack(state.destination.packed, socket.htonl(state.spi), ESP) + state.source.packed
    body += FOREVER + bytes(CURRENT.size)
    body += STATE_END.pack(0, 0, 0, 0, state.reqid, INET6, state.mode, 0, 0)
    body += _algorithms(state) + attribute(_REPLAY, _REPLAY_STATE.pack(state.sequence, 0, 0))
    if state.mark:
        body += attribute(_SET_MARK, _NUMBER.pack(state.mark)) + attribute(_SET_MARK_MASK, _NUMBER.pack(0xFFFF_FFFF))
    return body


def _algorithms(state: EspState) -> bytes:
    algorithm = ALGORITHMS[state.algorithm]
    key, rest = state.key[: algorithm.cipher_key], state.key[algorithm.cipher_key :]
    if (len(key), len(rest)) != (algorithm.cipher_key, algorithm.authentication_key):
        raise ValueError(f"a key of {len(state.key)} octets is not right for {state.algorithm}")
    if not algorithm.authentication:
        head = _ALGORITHM_WITH_CHECK.pack(algorithm.cipher.encode(), len(key) * 8, algorithm.check)
        return attribute(_ALG_AEAD, head + key)
    head = _ALGORITHM_WITH_CHECK.pack(algorithm.authentication.encode(), len(rest) * 8, algorithm.check)
    cipher = _ALGORITHM.pack(algorithm.cipher.encode(), len(key) * 8)
    return attribute(_ALG_AUTH_TRUNCATED, head + rest) + attribute(_ALG_CRYPT, cipher + key)


def read_esp(body: bytes) -> EspState | None:
    """An XFRM_MSG_NEWSA of this protocol, without its key; None for all others."""
    if len(body) < STATE_SIZE:
        return None
    destination, spi, protocol = ID.unpack_from(body, SELECTOR.size)
    _, _, failures, _, reqid, family, mode, _, _ = STATE_END.unpack_from(body, STATE_REST)
    if family != INET6 or protocol != ESP or mode not in (Mode.TRANSPORT, Mode.TUNNEL):
        return None
    found = attributes(body, STATE_SIZE)
    replay, mark = found.get(_REPLAY, b""), found.get(_SET_MARK, b"")
    return EspState(
        source=IPv6Address(body[STATE_SOURCE : STATE_SOURCE + 16]),
        destination=IPv6Address(destination),
        spi=socket.ntohl(spi),
        mode=Mode(mode),
        selector=read_selector(body, 0),
        reqid=reqid,
        mark=_NUMBER.unpack(mark)[0] if len(mark) == _NUMBER.size else 0,
        sequence=_REPLAY_STATE.unpack_from(replay)[0] if len(replay) >= _REPLAY_STATE.size else 0,
        failures=failures,
    )


def read_removed_esp(body: bytes) -> EspState | None:
    """The state of an XFRM_MSG_DELSA; None for other protocols."""
    return read_esp(attributes(body, STATE_ID.size).get(XFRMA_SA, b""))
