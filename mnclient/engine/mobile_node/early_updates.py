# SPDX-License-Identifier: GPL-2.0-or-later
"""Early Binding Updates, and what their answers bring (RFC 4866 sections 4.1, 4.3 and 4.8)."""

from mnclient.constants import MAX_RR_BINDING_LIFETIME
from mnclient.engine.mobile_node.correspondent_binding import CorrespondentBinding
from mnclient.engine.timers import Timer
from mnclient.model.status import CorrespondentState as State
from mnclient.security.enhanced_authentication import early_binding_key
from mnclient.units import Instant
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.enhanced_options import CareOfTestInitOption, CareOfTestOption
from mnclient.wire.mobility_options import NonceIndices


class EarlyUpdates(CorrespondentBinding):
    """What a correspondent's binding does beyond RFC 6275 when the home address is generated."""

    def _send_early(self, now: Instant) -> None:
        """With a permanent token, once after a move: before the care-of test is answered (RFC 4866 section 4.1).

        It ends what still goes to the last care-of address, and asks for a care-of token once more. Should it be lost,
        nothing is: the test goes on, and the complete Binding Update follows.
        """
        address, lifetime = self.footing.care_of_address, self._lifetime(now, MAX_RR_BINDING_LIFETIME)
        has_moved = self.state is State.TESTING and self.care_of_test.is_running and address != self.care_of_address
        token = None if self.enhanced is None else self.enhanced.token(self.home_address, now)
        if self._told_early or not has_moved or address is None or not self.footing.is_acknowledged or lifetime <= 0:
            return
        if token is None or token.nonce_index or not self.shared.rates.of("bu", self.address, now).permits(now):
            return
        self._told_early = True
        self.shared.rates.of("bu", self.address, now).record(now)
        self._note_told(address, lifetime, now)
        key = early_binding_key(token.octets)
        self._signature = key, address
        self.context.count("correspondent.bu.early")
        more = (CareOfTestInitOption(),)
        self._transmit(address, lifetime, token, NonceIndices(home=0, care_of=0), key, now, more)

    def take_answer(self, message: BindingAcknowledgement, now: Instant) -> None:
        """What a generated address finds in an authenticated answer: a permanent token, a care-of token (section 4.8).

        The nonce of the care-of token is named by Nonce Indices; without them it could not be used.
        """
        if self.enhanced is None:
            return
        self.enhanced.accepted(message)
        indices = next((each for each in message.options if isinstance(each, NonceIndices)), None)
        test = next((each for each in message.options if isinstance(each, CareOfTestOption)), None)
        is_awaited = self.care_of_test.is_running and self.care_of_test.address == self.care_of_address
        if indices is not None and indices.care_of and test is not None and is_awaited:
            self._stop(Timer.RETRANSMIT_CARE_OF_TEST_INIT)
            self.care_of_test.answered(test.keygen_token, indices.care_of, now)

    def take_late_answer(self, message: BindingAcknowledgement) -> None:
        """An authentic answer to what was answered before, in a repetition: of use only for the token in it."""
        if self.enhanced is not None and message.accepted:
            self.enhanced.answered_again(message)
