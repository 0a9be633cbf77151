# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node with a generated home address, as its correspondent meets it (RFC 4866)."""

from dataclasses import dataclass

from mnclient.engine.actions import Action
from mnclient.model.config import CorrespondentNodeConfig
from mnclient.model.network_state import RouteOptimization
from mnclient.security.binding_keys import authorize, binding_key
from mnclient.security.enhanced_authentication import early_binding_key, with_cga_proof
from mnclient.security.rsa import decrypt_token
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.enhanced_options import (
    CareOfTestInitOption,
    PermanentHomeKeygenToken,
)
from mnclient.wire.mobility_options import (
    MobilityOption,
    NonceIndices,
)
from mnclient.wire.packet import Packet
from tests.mnclient.engine.correspondent_node.script import (
    Mobile,
    Script,
    acks,
)
from tests.mnclient.engine.generated import generated
from tests.mnclient.engine.mobile_node.script import HOME_PREFIX

BELIEVING = CorrespondentNodeConfig(generated_addresses=True)
DAY = 86400.0
ADDRESS = generated(HOME_PREFIX)
OTHER = generated(HOME_PREFIX, 1100)
ASKS = (CareOfTestInitOption(),)


@dataclass
class Generated(Mobile):
    """A mobile node with a generated address. `permanent` is the token it was given."""

    permanent: bytes = b""

    def send(self, options: tuple[MobilityOption, ...], key: bytes, *, proof=None, **rest: object) -> list[Action]:  # type: ignore[no-untyped-def]
        """A Binding Update with the next sequence number; `proof` completes it before it is signed with `key`."""
        arriving = self.made(options, key, proof=proof, **rest)
        return self.script.receive(arriving)

    def made(  # type: ignore[no-untyped-def]
        self, options: tuple[MobilityOption, ...], key: bytes, *, proof=None, lifetime=DAY, acknowledge=True
    ) -> Packet:
        self.sequence += 1
        update = BindingUpdate(
            sequence=self.sequence,
            lifetime=Seconds(lifetime),
            acknowledge=acknowledge,
            home_registration=False,
            options=options,
        )
        signed = self.care_of if lifetime else self.home
        update = update if proof is None else proof(update, signed)
        message = authorize(update, key, signed, self.ours)
        return Packet(source=self.care_of, destination=self.ours, message=message, home_address=self.home)

    def proof(self, update: BindingUpdate, signed) -> BindingUpdate:  # type: ignore[no-untyped-def]
        return with_cga_proof(update, ADDRESS.parameters, ADDRESS.private_key, signed, self.ours)

    @property
    def indices(self) -> NonceIndices:
        return NonceIndices(home=self.home_test.nonce_index, care_of=self.care_of_test.nonce_index)

    def prove(self, **rest: object) -> list[Action]:
        """A complete Binding Update with the proof of the address; the token in the answer is kept."""
        self.test()
        actions = self.send((self.indices,), self.key(), **{"proof": self.proof, **rest})  # type: ignore[arg-type]
        for option in acks(actions)[0].options:
            if isinstance(option, PermanentHomeKeygenToken):
                self.permanent = decrypt_token(ADDRESS.private_key, option.encrypted) or b""
        return actions

    def early(self, **rest: object) -> list[Action]:
        """An early Binding Update, by the permanent token."""
        options = (NonceIndices(home=0, care_of=0), *ASKS)
        return self.send(options, early_binding_key(self.permanent), **rest)

    def complete(self, **rest: object) -> list[Action]:
        """A complete one, by the permanent token and a care-of test."""
        options = (NonceIndices(home=0, care_of=self.care_of_test.nonce_index),)
        return self.send(options, binding_key(self.permanent, self.care_of_test.keygen_token), **rest)


def routes(script: Script) -> list[RouteOptimization]:
    return [each for state in script.desired.values() for each in state.route_optimizations]


def sent_to(script: Script) -> list[object]:
    """The care-of addresses that payload is sent to."""
    return [each.care_of_address for each in routes(script) if each.outgoing]
