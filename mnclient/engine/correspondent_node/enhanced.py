# SPDX-License-Identifier: GPL-2.0-or-later
"""By what a Binding Update proves itself to a correspondent, and what RFC 4866 adds to that (sections 4.2, 4.3, 4.7).

    options 12 and 13, home nonce    the home address is generated: its key has signed       CGA
    home nonce index zero            the permanent token given out for such a signature      TOKEN
    home nonce                       return routability as in RFC 6275                       NONCES

A care-of nonce index of zero makes the first two *early*: nothing is known of the care-of address then, so the binding
is not verified. No payload is sent to such an address: no credit is ever earned (docs/adr/0057).
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from mnclient.constants import MAX_CGA_BINDING_LIFETIME, MAX_RR_BINDING_LIFETIME
from mnclient.engine.correspondent_node.binding_cache import Binding, Pair
from mnclient.engine.correspondent_node.nonces import Nonces
from mnclient.engine.correspondent_node.permanent_tokens import PermanentTokens
from mnclient.engine.home_agent.requests import Request
from mnclient.engine.machine import Entropy
from mnclient.security.binding_keys import binding_key, deletion_key
from mnclient.security.enhanced_authentication import early_binding_key, proven_parameters
from mnclient.security.rsa import encrypt_token
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingStatus
from mnclient.wire.cga_parameters import CgaParameters
from mnclient.wire.enhanced_options import (
    CareOfTestInitOption,
    CareOfTestOption,
    CgaParametersFragment,
    PermanentHomeKeygenToken,
    Signature,
)
from mnclient.wire.mobility_options import MobilityOption, NonceIndices

_PADDING_ENTROPY: Final = 32  # octets that the padding of an encrypted token is made of


class Proof(Enum):
    """What a mobile node has proven its home address with."""

    NONCES = auto()  # it receives there (RFC 6275)
    PRECOMPUTED = auto()  # a key agreed on beforehand (RFC 4449)
    CGA = auto()  # it receives there, and has the key the address was made of (RFC 4866)
    TOKEN = auto()  # it could decrypt the token given out for that (RFC 4866)


STRONG: Final = frozenset((Proof.CGA, Proof.TOKEN))


@dataclass(frozen=True, slots=True)
class Reading:
    """A Binding Update before its authenticator is checked: by what it proves itself, and Kbm if it does."""

    proof: Proof
    indices: NonceIndices | None
    key: bytes

    @property
    def is_early(self) -> bool:
        """Whether nothing is known of its care-of address (section 4.1)."""
        return self.proof in STRONG and self.indices is not None and self.indices.care_of == 0


class Enhanced:
    """The part of the role; off until it is configured. Off, it knows proofs by nonces alone."""

    def __init__(self, nonces: Nonces, entropy: Entropy) -> None:
        self.tokens = PermanentTokens(entropy)
        self.is_on = False
        self._nonces = nonces
        self._entropy = entropy

    def configure(self, is_on: bool) -> None:
        """Switched off, the tokens given out so far are worth nothing."""
        self.is_on = is_on
        if not is_on:
            self.tokens.clear()

    def read(self, request: Request, pair: Pair, indices: NonceIndices, now: Instant) -> Reading | BindingStatus:
        """What the indices and options say, or the status that answers them (sections 4.2 and 9.5.1 of RFC 6275)."""
        proof = self._proof(request, pair, indices, now)
        if isinstance(proof, BindingStatus):
            return proof
        deletes = request.is_deregistration
        ignores_care_of = deletes or (proof in STRONG and indices.care_of == 0)
        if proof is Proof.TOKEN:
            token = self.tokens.find(pair, now)
            assert token is not None
            home = token.octets
            if not ignores_care_of and self._nonces.find(indices.care_of, now) is None:
                return BindingStatus.EXPIRED_CARE_OF_NONCE_INDEX
        else:
            expired = self._nonces.refusal(indices, now, deletes=ignores_care_of)
            if expired is not None:
                return expired
            home_nonce = self._nonces.find(indices.home, now)
            assert home_nonce is not None
            home = home_nonce.home_token(request.home_address)
        return Reading(proof, indices, self._key(request, indices, home, now))

    def _proof(self, request: Request, pair: Pair, indices: NonceIndices, now: Instant) -> Proof | BindingStatus:
        if not self.is_on:
            return Proof.NONCES
        if any(isinstance(each, CgaParametersFragment | Signature) for each in request.update.options):
            return Proof.CGA if indices.home else BindingStatus.NON_NULL_HOME_NONCE_INDEX_EXPECTED
        if indices.home:
            return Proof.NONCES
        if self.tokens.find(pair, now) is None:
            return BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE
        return Proof.TOKEN

    def _key(self, request: Request, indices: NonceIndices, home_token: bytes, now: Instant) -> bytes:
        if request.is_deregistration:
            return deletion_key(home_token)
        care_of = self._nonces.find(indices.care_of, now)
        if care_of is None:  # an early one: whatever else it could be was refused
            return early_binding_key(home_token)
        return binding_key(home_token, care_of.care_of_token(request.care_of_address))

    def is_downgrade(self, proof: Proof, pair: Pair, now: Instant) -> bool:
        """Whether less is proven than this mobile node can: somebody on the path could do that (section 4.2)."""
        return proof is Proof.NONCES and self.tokens.find(pair, now) is not None

    @staticmethod
    def proven(request: Request, pair: Pair) -> CgaParameters | None:
        """The parameters of the home address, None when they or the signature do not verify (section 4.2).

        To be asked last: what it costs is spent only on those who receive at the home address.
        """
        signed = pair.home_address if request.is_deregistration else request.care_of_address
        return proven_parameters(request.update, pair.home_address, signed, pair.correspondent)

    @staticmethod
    def longest(proof: Proof, configured: Seconds, *, is_verified: bool) -> Seconds:
        """The longest binding for a proof (section 4.2): a day at most, where nobody has configured less than 420 s."""
        if proof in STRONG and is_verified and configured >= MAX_RR_BINDING_LIFETIME:
            return MAX_CGA_BINDING_LIFETIME
        return min(configured, MAX_RR_BINDING_LIFETIME)

    def token_option(
        self, parameters: CgaParameters, binding: Binding, now: Instant, limit: int
    ) -> tuple[MobilityOption, ...]:
        """A new permanent token for whoever has the private key; none when there is no room for more (section 4.7)."""
        token = self.tokens.issue(binding.pair, binding.sequence, binding.expires, now, limit)
        if token is None:
            return ()
        padding = self._entropy.octets(_PADDING_ENTROPY)
        encrypted = encrypt_token(parameters.public_key, token.octets, padding)
        return (PermanentHomeKeygenToken(encrypted=encrypted),)

    def test_option(self, request: Request, now: Instant) -> tuple[MobilityOption, ...]:
        """The care-of keygen token that was asked for, and the index of its nonce (sections 4.3 and 5.5).

        To the care-of address itself and nobody else: that is what it proves.
        """
        asked = any(isinstance(each, CareOfTestInitOption) for each in request.update.options)
        if not (self.is_on and asked) or request.event.packet.source != request.care_of_address:
            return ()
        nonce = self._nonces.current(now)
        token = nonce.care_of_token(request.care_of_address)
        return NonceIndices(home=0, care_of=nonce.index), CareOfTestOption(keygen_token=token)
