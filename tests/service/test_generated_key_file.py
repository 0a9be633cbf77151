# SPDX-License-Identifier: GPL-2.0-or-later
"""The file with the key of generated home addresses: what is written, what is read, and what is refused."""

import json
import stat
from ipaddress import IPv6Network

import pytest

from mnclient.security.generated_addresses import address_in, generating_key
from service.generated_key_file import load_generating_key, save_generating_key
from service.key_file import LARGEST_FILE, FileRefused
from tests.mnclient.security.rsa_keys import private_der, rsa_key

KEY = generating_key(private_der(rsa_key()), bytes(16), sec=0)
PREFIX = IPv6Network("2001:db8:1::/64")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "keys" / "generated.json"


def test_what_is_saved_is_loaded_and_for_nobody_else(path):
    assert load_generating_key(path) is None
    save_generating_key(path, KEY)
    assert load_generating_key(path) == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert address_in(PREFIX, load_generating_key(path)) == address_in(PREFIX, KEY)


def test_a_key_of_sec_1_is_loaded(path):
    key = generating_key(private_der(rsa_key()), bytes(16))
    save_generating_key(path, key)
    assert load_generating_key(path) == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o777])
def test_a_file_that_is_open_to_others_is_refused(path, mode):
    save_generating_key(path, KEY)
    path.chmod(mode)
    with pytest.raises(FileRefused, match="open to other users"):
        load_generating_key(path)


def test_nothing_is_written_into_a_folder_that_is_open_to_others(path):
    save_generating_key(path, KEY)
    path.unlink()
    path.parent.chmod(0o755)
    with pytest.raises(FileRefused, match="its folder is open"):
        save_generating_key(path, KEY)
    assert not path.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"private_key": "00"},
        {"private_key": "zz"},
        {"private_key": None},
        {"private_key": private_der(rsa_key()).hex()[:-2]},
        {"modifier": "00"},
        {"modifier": "00" * 16, "sec": 7},  # a modifier of Sec 0
        {"sec": -1},
        {"sec": 8},
        {"sec": "1"},
        {"sec": True},
        {"version": 2},
    ],
)
def test_what_is_not_understood_is_refused_and_not_quoted(path, change):
    save_generating_key(path, KEY)
    document = json.loads(path.read_bytes()) | change
    path.write_text(json.dumps(document))
    with pytest.raises(FileRefused) as refused:
        load_generating_key(path)
    assert KEY.private_key.hex()[:16] not in refused.value.reason


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff" * 10, b"{" * 100_000, b" " * (LARGEST_FILE + 1)])
def test_what_is_no_such_file_is_refused(path, content):
    save_generating_key(path, KEY)
    path.write_bytes(content)
    with pytest.raises(FileRefused):
        load_generating_key(path)
