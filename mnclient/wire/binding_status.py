# SPDX-License-Identifier: GPL-2.0-or-later
"""Status codes of Binding Acknowledgements and Binding Errors, and plain words for them."""

from enum import IntEnum
from typing import Final


class BindingStatus(IntEnum):
    """Status of a Binding Acknowledgement (RFC 6275 section 6.1.8); below 128 the binding was accepted.

    Values other documents registered are here to be recognised by name, and nothing more.
    """

    ACCEPTED = 0
    ACCEPTED_PREFIX_DISCOVERY_NECESSARY = 1
    GRE_KEY_OPTION_NOT_REQUIRED = 2  # RFC 5845
    GRE_TUNNELLING_WITHOUT_TLV_HEADER = 3  # RFC 5845
    MULTIPLE_CARE_OF_ADDRESSES_NOT_COMPLETE = 4  # RFC 5648
    MULTIPLE_CARE_OF_ADDRESSES_HOME_WITHOUT_NDP = 5  # RFC 5648
    PROXY_ACCEPTED_TRANSIENT_BINDING_IGNORED = 6  # RFC 6058

    REASON_UNSPECIFIED = 128
    ADMINISTRATIVELY_PROHIBITED = 129
    INSUFFICIENT_RESOURCES = 130
    HOME_REGISTRATION_NOT_SUPPORTED = 131
    NOT_HOME_SUBNET = 132
    NOT_HOME_AGENT_FOR_THIS_MOBILE_NODE = 133
    DUPLICATE_ADDRESS_DETECTION_FAILED = 134
    SEQUENCE_NUMBER_OUT_OF_WINDOW = 135
    EXPIRED_HOME_NONCE_INDEX = 136
    EXPIRED_CARE_OF_NONCE_INDEX = 137
    EXPIRED_NONCES = 138
    REGISTRATION_TYPE_CHANGE_DISALLOWED = 139

    MOBILE_ROUTER_OPERATION_NOT_PERMITTED = 140  # RFC 3963
    INVALID_PREFIX = 141  # RFC 3963
    NOT_AUTHORIZED_FOR_PREFIX = 142  # RFC 3963
    FORWARDING_SETUP_FAILED = 143  # RFC 3963
    IDENTIFICATION_MISMATCH = 144  # RFC 4285
    MESSAGE_IDENTIFICATION_REQUIRED = 145  # RFC 4285
    AUTHENTICATION_FAILED = 146  # RFC 4285
    PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE = 147  # RFC 4866
    CGA_AND_SIGNATURE_VERIFICATION_FAILED = 148  # RFC 4866
    PERMANENT_HOME_KEYGEN_TOKEN_EXISTS = 149  # RFC 4866
    NON_NULL_HOME_NONCE_INDEX_EXPECTED = 150  # RFC 4866
    SERVICE_AUTHORIZATION_FAILED = 151  # RFC 5149
    PROXY_REGISTRATION_NOT_ENABLED = 152  # RFC 5213, also the next ten
    NOT_LOCAL_MOBILITY_ANCHOR_FOR_THIS_MOBILE_NODE = 153
    GATEWAY_NOT_AUTHORIZED_FOR_PROXY_REGISTRATION = 154
    NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX = 155
    TIMESTAMP_MISMATCH = 156
    TIMESTAMP_LOWER_THAN_PREVIOUS_ACCEPTED = 157
    MISSING_HOME_NETWORK_PREFIX_OPTION = 158
    PREFIX_SETS_DO_NOT_MATCH = 159
    MISSING_MOBILE_NODE_IDENTIFIER_OPTION = 160
    MISSING_HANDOFF_INDICATOR_OPTION = 161
    MISSING_ACCESS_TECHNOLOGY_TYPE_OPTION = 162
    GRE_KEY_OPTION_REQUIRED = 163  # RFC 5845
    MULTIPLE_CARE_OF_ADDRESSES_MALFORMED = 164  # RFC 5648, also the next five
    MULTIPLE_CARE_OF_ADDRESSES_NON_MULTIPLE_BINDING_EXISTS = 165
    MULTIPLE_CARE_OF_ADDRESSES_PROHIBITED = 166
    MULTIPLE_CARE_OF_ADDRESSES_UNKNOWN_CARE_OF_ADDRESS = 167
    MULTIPLE_CARE_OF_ADDRESSES_BULK_REGISTRATION_PROHIBITED = 168
    MULTIPLE_CARE_OF_ADDRESSES_HOME_AND_FOREIGN_PROHIBITED = 169
    NOT_AUTHORIZED_FOR_IPV4_MOBILITY_SERVICE = 170  # RFC 5844, also the next three
    NOT_AUTHORIZED_FOR_IPV4_HOME_ADDRESS = 171
    NOT_AUTHORIZED_FOR_IPV6_MOBILITY_SERVICE = 172
    MULTIPLE_IPV4_HOME_ADDRESS_ASSIGNMENT_NOT_SUPPORTED = 173

    INVALID_CARE_OF_ADDRESS = 174
    INVALID_MOBILE_NODE_GROUP_IDENTIFIER = 175  # RFC 6602
    REINITIALIZE_SECURITY_ASSOCIATION = 176  # RFC 6618
    NOT_AUTHORIZED_FOR_DELEGATED_PREFIX = 177  # RFC 7148
    REQUESTED_DELEGATED_PREFIX_IN_USE = 178  # RFC 7148
    CANNOT_MEET_QUALITY_OF_SERVICE_REQUEST = 179  # RFC 7222
    CANNOT_SUPPORT_MULTIPATH_BINDING = 180  # RFC 8278


class BindingErrorStatus(IntEnum):
    """Status of a Binding Error (RFC 6275 section 6.1.9)."""

    UNKNOWN_BINDING = 1
    UNRECOGNIZED_TYPE = 2


FIRST_REJECTION: Final = 128
"""The lowest Binding Acknowledgement status that refuses the binding, known or not (RFC 6275 section 6.1.8)."""


def describe_status(status: int) -> str:
    """A Binding Acknowledgement status in plain words, without a full stop; any number is accepted."""
    try:
        known = BindingStatus(status)
    except ValueError:
        verdict = "accepted" if status < FIRST_REJECTION else "rejected"
        return f"{verdict}, for a reason this program does not know (status {status})"
    return _PLAIN_WORDS.get(known) or known.name.lower().replace("_", " ")


_PLAIN_WORDS: Final = {
    BindingStatus.ACCEPTED: "accepted",
    BindingStatus.ACCEPTED_PREFIX_DISCOVERY_NECESSARY: "accepted, but the home prefixes have changed",
    BindingStatus.REASON_UNSPECIFIED: "rejected without a reason",
    BindingStatus.ADMINISTRATIVELY_PROHIBITED: "not allowed by the administrator",
    BindingStatus.INSUFFICIENT_RESOURCES: "there is no room for another binding",
    BindingStatus.HOME_REGISTRATION_NOT_SUPPORTED: "this node is not a home agent",
    BindingStatus.NOT_HOME_SUBNET: "the home address does not belong to the home agent's network",
    BindingStatus.NOT_HOME_AGENT_FOR_THIS_MOBILE_NODE: "the home agent does not serve this mobile node",
    BindingStatus.DUPLICATE_ADDRESS_DETECTION_FAILED: "another node at home already uses the home address",
    BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW: "the sequence number is not newer than the last one",
    BindingStatus.EXPIRED_HOME_NONCE_INDEX: "the home keygen token has expired",
    BindingStatus.EXPIRED_CARE_OF_NONCE_INDEX: "the care-of keygen token has expired",
    BindingStatus.EXPIRED_NONCES: "both keygen tokens have expired",
    BindingStatus.REGISTRATION_TYPE_CHANGE_DISALLOWED: "the kind of registration cannot be changed",
    BindingStatus.INVALID_CARE_OF_ADDRESS: "the care-of address cannot be used",
    BindingStatus.IDENTIFICATION_MISMATCH: "the time stamp does not match the home agent's clock",
    BindingStatus.MESSAGE_IDENTIFICATION_REQUIRED: "the home agent asks for a time stamp",
    BindingStatus.AUTHENTICATION_FAILED: "the home agent could not verify the authentication",
    BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE: "the correspondent no longer knows the permanent token",
    BindingStatus.CGA_AND_SIGNATURE_VERIFICATION_FAILED: "the correspondent could not verify the generated address",
    BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_EXISTS: "the correspondent asks for proof by the permanent token",
    BindingStatus.NON_NULL_HOME_NONCE_INDEX_EXPECTED: "the correspondent asks for a test through the home agent",
}
