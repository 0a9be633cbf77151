# SPDX-License-Identifier: GPL-2.0-or-later
"""Binding Refresh Request, Update, Acknowledgement and Error."""

from typing import Any

import pytest

from mnclient.units import Seconds
from mnclient.wire import binding
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingUpdate
from mnclient.wire.mobility_options import (
    AlternateCareOfAddress,
    BindingAuthorizationData,
    BindingRefreshAdvice,
    NonceIndices,
)
from tests.mnclient.wire.vectors import CARE_OF, HOME

INDICES = NonceIndices(home=5, care_of=6)
AUTHORIZATION = BindingAuthorizationData(authenticator=bytes(12))
HEAD = bytes(6)  # the common part, which these functions do not look at


def update(**changes: Any) -> BindingUpdate:
    values: dict[str, Any] = {
        "sequence": 1,
        "lifetime": Seconds(60.0),
        "acknowledge": False,
        "home_registration": False,
    } | changes
    return BindingUpdate(**values)


@pytest.mark.requirement("ALL-6.1.7-01")
@pytest.mark.parametrize(
    ("flag", "octets"),
    [
        ("acknowledge", "8000"),
        ("home_registration", "4000"),
        ("link_local_compatibility", "2000"),
        ("key_management_mobility", "1000"),
    ],
)
def test_each_flag_of_an_update(flag: str, octets: str) -> None:
    message = update(**{flag: True})
    encoded = binding.encode_binding_update(message)
    assert encoded == bytes.fromhex("0001" + octets + "000f" + "01020000")
    assert binding.decode_binding_update(HEAD + encoded) == message


@pytest.mark.requirement("ALL-6.1.8-01")
def test_the_flag_of_an_acknowledgement() -> None:
    message = BindingAcknowledgement(status=130, sequence=7, lifetime=Seconds(4.0), key_management_mobility=True)
    encoded = binding.encode_binding_acknowledgement(message)
    assert encoded == bytes.fromhex("8280 0007 0001 01020000")
    assert binding.decode_binding_acknowledgement(HEAD + encoded) == message


@pytest.mark.requirement("ALL-6.1.1-03")
def test_reserved_bits_are_ignored() -> None:
    assert binding.decode_binding_update(HEAD + bytes.fromhex("00010fff000f01020000")) == update()
    plain = BindingAcknowledgement(status=0, sequence=1, lifetime=Seconds(60.0))
    assert binding.decode_binding_acknowledgement(HEAD + bytes.fromhex("007f0001000f01020000")) == plain
    error = BindingError(status=1, home_address=HOME)
    assert binding.decode_binding_error(HEAD + b"\x01\xff" + HOME.packed) == error
    assert binding.decode_binding_refresh_request(HEAD + b"\xff\xff") == binding.BindingRefreshRequest()


def test_options_of_an_update() -> None:
    message = update(options=(AlternateCareOfAddress(address=CARE_OF), INDICES, AUTHORIZATION))
    assert message.alternate_care_of_address == CARE_OF
    assert message.nonce_indices == INDICES
    assert message.authorization_data == AUTHORIZATION
    assert update().alternate_care_of_address is None
    assert update().nonce_indices is None
    assert update().authorization_data is None
    assert update(options=(INDICES,)).authorization_data is None


def test_options_of_an_acknowledgement() -> None:
    plain = BindingAcknowledgement(status=0, sequence=1, lifetime=Seconds(60.0))
    assert plain.refresh_advice is None
    assert plain.authorization_data is None
    advice = BindingRefreshAdvice(interval=Seconds(40.0))
    message = BindingAcknowledgement(status=0, sequence=1, lifetime=Seconds(60.0), options=(advice, AUTHORIZATION))
    assert message.refresh_advice == Seconds(40.0)
    assert message.authorization_data == AUTHORIZATION


@pytest.mark.requirement("MN-6.1.8-01")
def test_status_below_128_accepts() -> None:
    for status in range(256):
        message = BindingAcknowledgement(status=status, sequence=1, lifetime=Seconds(60.0))
        assert message.accepted is (status <= 127)


@pytest.mark.parametrize(
    "changes", [{"sequence": -1}, {"sequence": 65536}, {"lifetime": -4.0}, {"lifetime": float("nan")}]
)
def test_impossible_updates_cannot_be_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        update(**changes)


def test_impossible_answers_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="status"):
        BindingAcknowledgement(status=256, sequence=1, lifetime=Seconds(60.0))
    with pytest.raises(ValueError, match="status"):
        BindingError(status=-1, home_address=HOME)
