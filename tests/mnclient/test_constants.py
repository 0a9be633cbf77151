# SPDX-License-Identifier: GPL-2.0-or-later
"""The numbers of RFC 6275 sections 12 and 13, written down a second time from its tables."""

import pytest

from mnclient import constants


@pytest.mark.requirement("MN-12-02")
@pytest.mark.parametrize(
    "name, value",
    [
        ("INITIAL_BINDACK_TIMEOUT", 1.0),
        ("MAX_BINDACK_TIMEOUT", 32.0),
        ("MAX_UPDATE_RATE", 3),
        ("MAX_RO_FAILURE", 3),
        ("INITIAL_BINDACK_TIMEOUT_FIRST_REG", 1.5),
        ("MAX_TOKEN_LIFETIME", 210.0),
        ("MAX_NONCE_LIFETIME", 240.0),
        ("MAX_RR_BINDING_LIFETIME", 420.0),
        ("MAX_DELETE_BCE_TIMEOUT", 10.0),
    ],
)
def test_the_table_of_section_12(name, value):
    assert getattr(constants, name) == value
