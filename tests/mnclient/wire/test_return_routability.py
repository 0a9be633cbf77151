# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of the return routability procedure."""

import pytest

from mnclient.errors import WireError, WireFault
from mnclient.wire import return_routability as rr
from tests.mnclient.wire.vectors import HOME_COOKIE, HOME_TOKEN

HEAD = bytes(6)


@pytest.mark.requirement("ALL-6.1.1-03")
def test_reserved_bits_are_ignored() -> None:
    init = HEAD + b"\xff\xff" + HOME_COOKIE
    assert rr.decode_home_test_init(init) == rr.HomeTestInit(cookie=HOME_COOKIE)
    assert rr.decode_care_of_test_init(init) == rr.CareOfTestInit(cookie=HOME_COOKIE)


@pytest.mark.parametrize("kind", [rr.HomeTestInit, rr.CareOfTestInit])
def test_cookies_are_eight_octets(kind: type[rr.HomeTestInit]) -> None:
    with pytest.raises(ValueError, match="cookie must be 8 octets"):
        kind(cookie=bytes(7))


@pytest.mark.parametrize("kind", [rr.HomeTest, rr.CareOfTest])
def test_impossible_tests_cannot_be_made(kind: type[rr.HomeTest]) -> None:
    with pytest.raises(ValueError, match="nonce_index"):
        kind(nonce_index=65536, cookie=HOME_COOKIE, keygen_token=HOME_TOKEN)
    with pytest.raises(ValueError, match="cookie"):
        kind(nonce_index=1, cookie=b"", keygen_token=HOME_TOKEN)
    with pytest.raises(ValueError, match="keygen_token"):
        kind(nonce_index=1, cookie=HOME_COOKIE, keygen_token=bytes(9))


@pytest.mark.parametrize("decode", [rr.decode_home_test, rr.decode_care_of_test, rr.decode_home_test_init])
def test_short_headers_are_refused(decode) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(WireError) as caught:
        decode(bytes(15))
    assert caught.value.fault is WireFault.TRUNCATED
