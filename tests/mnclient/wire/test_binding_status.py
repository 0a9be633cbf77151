# SPDX-License-Identifier: GPL-2.0-or-later
"""Status codes."""

import pytest

from mnclient.wire.binding import BindingErrorStatus, BindingStatus, describe_status

NAMED_BY_RFC_6275 = {
    0: "ACCEPTED",
    1: "ACCEPTED_PREFIX_DISCOVERY_NECESSARY",
    128: "REASON_UNSPECIFIED",
    129: "ADMINISTRATIVELY_PROHIBITED",
    130: "INSUFFICIENT_RESOURCES",
    131: "HOME_REGISTRATION_NOT_SUPPORTED",
    132: "NOT_HOME_SUBNET",
    133: "NOT_HOME_AGENT_FOR_THIS_MOBILE_NODE",
    134: "DUPLICATE_ADDRESS_DETECTION_FAILED",
    135: "SEQUENCE_NUMBER_OUT_OF_WINDOW",
    136: "EXPIRED_HOME_NONCE_INDEX",
    137: "EXPIRED_CARE_OF_NONCE_INDEX",
    138: "EXPIRED_NONCES",
    139: "REGISTRATION_TYPE_CHANGE_DISALLOWED",
    174: "INVALID_CARE_OF_ADDRESS",
}


@pytest.mark.requirement("ALL-6.1.8-02")
def test_names() -> None:
    assert {value: BindingStatus(value).name for value in NAMED_BY_RFC_6275} == NAMED_BY_RFC_6275


def test_registered_values_are_known() -> None:
    assert sorted(BindingStatus) == [*range(7), *range(128, 181)]
    assert [BindingErrorStatus.UNKNOWN_BINDING, BindingErrorStatus.UNRECOGNIZED_TYPE] == [1, 2]


def test_every_number_has_plain_words() -> None:
    words = [describe_status(status) for status in range(256)]
    assert len(set(words)) == 256
    assert all(text and not text.endswith(".") and "_" not in text for text in words)
    assert describe_status(127) == "accepted, for a reason this program does not know (status 127)"
    assert describe_status(200) == "rejected, for a reason this program does not know (status 200)"


def test_words_of_enhanced_route_optimisation() -> None:
    words = [describe_status(status) for status in range(147, 151)]
    assert all("the correspondent" in text for text in words)
