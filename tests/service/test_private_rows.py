# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of keys by the administrator, whatever keys they are of: used whole or not at all."""

import json

import pytest

from service.key_file import FileRefused
from service.private_rows import load_rows

MOST = 3


def converted(row):
    return bytes.fromhex(row["key"])


def load(path):
    return load_rows(path, "keys", MOST, converted, "a key")


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    path = folder / "file.json"
    path.write_text(json.dumps({"version": 1, "keys": [{"key": "5ec7e7"}, {"key": "00"}]}))
    path.chmod(0o600)
    return path


def test_rows_in_their_order_and_no_file_is_no_row(path):
    assert load(path) == (b"\x5e\xc7\xe7", b"\0")
    path.unlink()
    assert load(path) == ()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "\0", '{"version": 1, "keys": {}}', '{"version": 2, "keys": []}', "[" * 100_000],
)
def test_what_is_no_such_file_is_refused(path, content):
    path.write_text(content)
    with pytest.raises(FileRefused, match="it is not"):
        load(path)


@pytest.mark.parametrize("row", [{}, [], None, 7, {"key": None}, {"key": "5ec7e7x"}])
def test_one_wrong_row_is_enough_and_nothing_of_it_is_quoted(path, row):
    path.write_text(json.dumps({"version": 1, "keys": [{"key": "00"}, row]}))
    with pytest.raises(FileRefused, match="key number 2 has not a key") as caught:
        load(path)
    assert "5ec7e7" not in caught.value.reason


def test_too_much_is_refused(path):
    path.write_text(json.dumps({"version": 1, "keys": [{}] * (MOST + 1)}))
    with pytest.raises(FileRefused, match="4 keys are more than 3"):
        load(path)
    path.write_text(" " * (1 << 18) + "{}")
    with pytest.raises(FileRefused, match="too large"):
        load(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o777])
def test_a_file_that_is_open_to_others_is_refused(path, mode):
    path.chmod(mode)
    with pytest.raises(FileRefused, match="open to other users"):
        load(path)


def test_a_folder_that_is_open_to_others_is_refused(path):
    path.parent.chmod(0o755)
    with pytest.raises(FileRefused, match="its folder is open"):
        load(path)
