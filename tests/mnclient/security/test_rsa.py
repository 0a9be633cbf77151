# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA signatures and the encrypted token, against RFC 8017 written out with numbers."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from mnclient.security.rsa import (
    can_be_verified,
    check_generated_size,
    decrypt_token,
    encrypt_token,
    is_signed,
    public_key_of,
    sign,
    signature_length,
)
from tests.mnclient.security.rsa_keys import (
    SMALL_PRIMES,
    TINY_PRIMES,
    exponent_of,
    private_der,
    public_der,
    public_der_of,
    rsa_key,
    signature_by_numbers,
)

TAG = bytes(range(16))
TOKEN = bytes.fromhex("0011223344556677")
PRIVATE, PUBLIC = private_der(rsa_key()), public_der(rsa_key())
NUMBERS = rsa_key().private_numbers()
N = NUMBERS.public_numbers.n


@pytest.mark.requirement("RFC3972-ALL-6-01")
def test_a_signature_is_that_of_rfc_8017_over_tag_and_message() -> None:
    signature = sign(PRIVATE, TAG, b"message")
    assert signature == signature_by_numbers(TAG + b"message", NUMBERS.d, N)
    assert len(signature) == signature_length(PRIVATE) == 128
    assert is_signed(PUBLIC, TAG, b"message", signature)


@pytest.mark.requirement("RFC3972-ALL-6-01")
def test_any_other_signature_is_none() -> None:
    signature = sign(PRIVATE, TAG, b"message")
    assert not is_signed(PUBLIC, TAG, b"massage", signature)
    assert not is_signed(PUBLIC, bytes(16), b"message", signature)
    assert not is_signed(PUBLIC, TAG, b"message", signature[:-1] + bytes((signature[-1] ^ 1,)))
    assert not is_signed(PUBLIC, TAG, b"message", b"")
    assert not is_signed(PUBLIC, TAG, b"message", signature_by_numbers(b"message", NUMBERS.d, N))
    assert not is_signed(public_der_of(SMALL_PRIMES), TAG, b"message", signature)


@pytest.mark.requirement("RFC3972-ALL-5-02")
def test_keys_of_384_bits_are_accepted() -> None:
    n = SMALL_PRIMES[0] * SMALL_PRIMES[1]
    assert n.bit_length() == 384
    signature = signature_by_numbers(TAG + b"message", exponent_of(SMALL_PRIMES), n)
    assert can_be_verified(public_der_of(SMALL_PRIMES))
    assert is_signed(public_der_of(SMALL_PRIMES), TAG, b"message", signature)


@pytest.mark.requirement("RFC3972-ALL-5-02")
def test_smaller_keys_are_not() -> None:
    n = TINY_PRIMES[0] * TINY_PRIMES[1]
    assert n.bit_length() == 383
    signature = signature_by_numbers(TAG + b"message", exponent_of(TINY_PRIMES), n)
    assert not can_be_verified(public_der_of(TINY_PRIMES))
    assert not is_signed(public_der_of(TINY_PRIMES), TAG, b"message", signature)
    with pytest.raises(ValueError, match="at least 384 bits"):
        encrypt_token(public_der_of(TINY_PRIMES), TOKEN, bytes(16))


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", PUBLIC[:-1], PUBLIC + b"\0", bytes(len(PUBLIC))])
def test_what_is_no_key_is_not_accepted(octets: bytes) -> None:
    assert not can_be_verified(octets)
    assert not is_signed(octets, TAG, b"message", bytes(128))


def test_other_kinds_of_keys_are_not_accepted() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert not can_be_verified(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(ValueError, match="must be an RSA key"):
        sign(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), TAG, b"message")


@pytest.mark.parametrize("octets", [b"", PUBLIC, PRIVATE[:-1]])
def test_what_is_no_private_key_cannot_sign(octets: bytes) -> None:
    with pytest.raises(ValueError, match="must be"):
        sign(octets, TAG, b"message")


@pytest.mark.parametrize("bits", [0, 512, 1023, 2041, 4096])
def test_sizes_that_are_not_made(bits: int) -> None:
    with pytest.raises(ValueError, match="1024 to 2040"):
        check_generated_size(bits)


def test_a_key_whose_signature_fits_no_option_is_refused() -> None:
    with pytest.raises(ValueError, match="1024 to 2040"):
        sign(private_der(rsa_key(2048)), TAG, b"message")
    assert not can_be_verified(public_der(rsa_key(2048)))


def test_a_tag_has_128_bits() -> None:
    with pytest.raises(ValueError, match="16 octets"):
        sign(PRIVATE, TAG[:-1], b"message")


def test_the_public_key() -> None:
    assert public_key_of(PRIVATE) == PUBLIC


def test_an_encrypted_token_is_that_of_rfc_8017() -> None:
    encrypted = encrypt_token(PUBLIC, TOKEN, bytes(range(16)))
    encoded = pow(int.from_bytes(encrypted), NUMBERS.d, N).to_bytes(128)
    padding = encoded[2:-9]
    assert encoded == b"\x00\x02" + padding + b"\x00" + TOKEN
    assert 0 not in padding
    assert rsa_key().decrypt(encrypted, PKCS1v15()) == TOKEN
    assert decrypt_token(PRIVATE, encrypted) == TOKEN


def test_padding_comes_of_the_entropy_alone() -> None:
    first, again, other = (encrypt_token(PUBLIC, TOKEN, entropy) for entropy in (bytes(16), bytes(16), b"\1" * 16))
    assert first == again != other


@pytest.mark.parametrize("seed", range(200))
def test_padding_never_has_a_zero(seed: int) -> None:
    public = public_der_of(SMALL_PRIMES)
    n, d = SMALL_PRIMES[0] * SMALL_PRIMES[1], exponent_of(SMALL_PRIMES)
    encoded = pow(int.from_bytes(encrypt_token(public, TOKEN, bytes((seed,)) * 16)), d, n).to_bytes(48)
    assert encoded.startswith(b"\x00\x02")
    assert encoded.index(b"\x00", 2) == 48 - 9
    assert encoded.endswith(TOKEN)


def test_bad_input_to_the_encryption() -> None:
    with pytest.raises(ValueError, match="8 octets"):
        encrypt_token(PUBLIC, TOKEN[:-1], bytes(16))
    with pytest.raises(ValueError, match="entropy"):
        encrypt_token(PUBLIC, TOKEN, bytes(15))


@pytest.mark.parametrize("octets", [b"", bytes(127), bytes(129), b"\xff" * 128])
def test_what_is_no_token_is_none(octets: bytes) -> None:
    assert decrypt_token(PRIVATE, octets) is None


def test_what_nobody_encrypted_gives_nothing_that_anybody_knows() -> None:
    """OpenSSL 3.2 answers wrong padding with octets of chance, now and then with as many as a token has."""
    found = [decrypt_token(PRIVATE, number.to_bytes(128)) for number in range(100)]
    assert found.count(None) > 50
    tokens = [token for token in found if token is not None]
    assert len(set(tokens)) == len(tokens)
    assert TOKEN not in tokens


def test_a_token_of_another_length_is_none() -> None:
    encrypted = rsa_key().public_key().encrypt(TOKEN + b"\0", PKCS1v15())
    assert decrypt_token(PRIVATE, encrypted) is None
