# SPDX-License-Identifier: GPL-2.0-or-later
"""How a generated home address proves itself to one correspondent (RFC 4866 sections 4.1, 4.4, 4.8 and 4.9).

At first contact there is a home test, and the Binding Update carries the parameters of the address and a signature. The
answer has a permanent token, encrypted for us: from then on it takes the place of the home test's token. It is given
up, for a new proof, when the correspondent does not know it, when registrations fail, and before sequence numbers wrap.
"""

from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.machine import Entropy
from mnclient.engine.mobile_node.return_routability import AddressTest, Token
from mnclient.model.generated_address import GeneratedAddress
from mnclient.security.enhanced_authentication import with_cga_proof
from mnclient.security.rsa import decrypt_token
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingStatus, BindingUpdate
from mnclient.wire.enhanced_options import CgaParametersRequest, PermanentHomeKeygenToken

USES_OF_A_TOKEN: Final = 1 << 15
"""Binding Updates with one permanent token: each has the next sequence number, and none may come twice (section 4.9).

Half of them: beyond that, an old Binding Update would look newer than the last one again, modulo 2**16.
"""

MAX_REJECTIONS: Final = 2  # in a row, of the proof itself: then it does without (section 4.4)
NO_HOME_NONCE: Final = 0  # the index of a permanent token (section 4.1)
_NEVER: Final = Instant(float("inf"))


class EnhancedHomeTest(AddressTest):
    """The home half of return routability, for a generated address. `is_plain`: as for any other address."""

    def __init__(self, entropy: Entropy, generated: GeneratedAddress) -> None:
        super().__init__(entropy)
        self.generated = generated
        self.is_plain = False
        self._permanent: bytes | None = None
        self._uses = 0
        self._rejections = 0
        self._last: Token | None = None
        self._unanswered: int | None = None
        """The sequence number of the newest proof, until it is answered."""

    def token(self, address: IPv6Address | None, now: Instant, left: Seconds = Seconds(0.0)) -> Token | None:
        """The permanent token while there is one, else that of the home test."""
        if not self.has_permanent:
            return super().token(address, now, left)
        assert self._permanent is not None
        if address != self.generated.address:
            return None
        return Token(octets=self._permanent, nonce_index=NO_HOME_NONCE, received=_NEVER)

    @property
    def has_permanent(self) -> bool:
        """Whether a permanent token may be used once more."""
        return self._permanent is not None and self._uses < USES_OF_A_TOKEN

    @property
    def is_strong(self) -> bool:
        """Whether the next Binding Update proves more than that we receive at the home address."""
        return self.has_permanent or not self.is_plain

    def prove(
        self, update: BindingUpdate, home: Token, care_of_address: IPv6Address, correspondent: IPv6Address
    ) -> BindingUpdate:
        """The Binding Update that is signed with `home`, with CGA Parameters and Signature where they are wanted.

        With a permanent token they are not, and may not be (section 4.1).
        """
        self._last = home
        if home.nonce_index == NO_HOME_NONCE:
            self._uses += 1
            return update
        if self.is_plain:
            return update
        self._unanswered = update.sequence
        generated = self.generated
        return with_cga_proof(update, generated.parameters, generated.private_key, care_of_address, correspondent)

    def accepted(self, message: BindingAcknowledgement) -> None:
        """An answer, authenticated already, said yes (section 4.8). One without a token does not know of all this."""
        was_proven = self._last is not None and self._last.nonce_index != NO_HOME_NONCE and not self.is_plain
        self._rejections = 0
        if message.sequence == self._unanswered:
            self._unanswered = None
        for option in message.options:
            if isinstance(option, PermanentHomeKeygenToken):
                self._take(option)
                return
            if isinstance(option, CgaParametersRequest):
                self.renounce()
                return
        self.is_plain = self.is_plain or was_proven

    def answered_again(self, message: BindingAcknowledgement) -> None:
        """An authentic answer came for a repetition of the proof, when the proof itself had its answer already.

        Each is answered with another token, and the correspondent knows the last one alone (section 4.7).
        """
        if message.sequence != self._unanswered:
            return
        self._unanswered = None
        for option in message.options:
            if isinstance(option, PermanentHomeKeygenToken):
                self._take(option)

    def _take(self, option: PermanentHomeKeygenToken) -> None:
        token = decrypt_token(self.generated.private_key, option.encrypted)
        if token is not None:
            self._permanent, self._uses = token, 0

    def rejected(self, status: int) -> bool:
        """An answer said no. True when another Binding Update can prove what this one did not."""
        match status:
            case BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE:
                self.renounce()
            case BindingStatus.CGA_AND_SIGNATURE_VERIFICATION_FAILED:
                self._rejections += 1
                self.is_plain = self._rejections >= MAX_REJECTIONS
            case BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_EXISTS:
                self.is_plain = False
            case BindingStatus.EXPIRED_HOME_NONCE_INDEX | BindingStatus.EXPIRED_NONCES:
                self.renounce()  # it reads index zero as any other: it does not know, or no longer
                return False
            case _:
                return False
        return True

    def renounce(self) -> None:
        """Prove the address anew the next time."""
        self._permanent = None
