# SPDX-License-Identifier: GPL-2.0-or-later
import json
import os

import pytest

from service.key_file import FileRefused, KeyFile
from service.key_store import KeyStore
from tests.service.test_key_store import GOOD, IDENTITY, SECRET


@pytest.fixture
def file(tmp_path):
    store = KeyStore(tmp_path, lambda: 0.0)
    store.load()
    store.set(**GOOD)
    store.set(**GOOD | {"spi_in": 2000, "spi_out": 2001})
    return KeyFile(tmp_path)


def others(file):
    return sorted(each.name for each in file.folder.iterdir() if each != file.path)


def test_only_the_service_can_read_it(file):
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.folder.stat().st_mode & 0o777 == 0o700
    assert others(file) == []


def test_whatever_the_umask_says(tmp_path):
    before = os.umask(0)
    try:
        store = KeyStore(tmp_path / "state", lambda: 0.0)
        store.load()
        store.set(**GOOD)
    finally:
        os.umask(before)
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o777])
def test_a_file_that_is_open_to_others_is_refused(file, mode):
    file.path.chmod(mode)
    with pytest.raises(FileRefused, match=f"it is open to other users .mode {mode:04o}"):
        file.load()
    file.path.chmod(0o600)
    assert len(file.load().infos) == 2


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_that_is_open_to_others_is_refused(file, mode):
    file.folder.chmod(mode)
    with pytest.raises(FileRefused, match="its folder is open"):
        file.load()
    with pytest.raises(FileRefused, match="its folder is open"):
        file.save([], {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("what", ["path", "folder"])
def test_what_belongs_to_somebody_else_is_refused(file, what):
    os.chown(getattr(file, what), 65534, -1)
    with pytest.raises(FileRefused, match="belongs to another user .65534"):
        file.load()


def test_links_and_pipes_are_refused(file, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    file.path.rename(elsewhere)
    file.path.symlink_to(elsewhere)
    with pytest.raises(FileRefused, match="cannot be read"):
        file.load()
    file.path.unlink()
    os.mkfifo(file.path, 0o600)
    with pytest.raises(FileRefused, match="wrong kind"):
        file.load()
    file.path.unlink()
    file.path.mkdir(0o700)
    with pytest.raises(FileRefused):
        file.load()
    file.path.rmdir()
    file.folder.rename(tmp_path / "moved")
    file.folder.symlink_to(tmp_path / "moved")
    with pytest.raises(FileRefused, match="wrong kind"):
        file.load()


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "not a file of keys"),
        (b"\xff", "not a file of keys"),
        (b"[]", "not a file of keys"),
        (b"[" * 100_000, "not a file of keys"),
        (b'{"version": 1}', "not a file of keys"),
        (b'{"version": 2, "keys": []}', "another version"),
        (b'{"version": 1, "keys": {}}', "another version"),
        (b" " * (1 << 19), "too large"),
    ],
)
def test_what_is_no_key_file_is_set_aside(file, content, reason):
    file.path.write_bytes(content)
    kept = file.load()
    assert reason in kept.damaged
    assert kept.infos == []
    assert others(file) == ["keys.json.damaged-1"]
    assert (file.folder / "keys.json.damaged-1").read_bytes() == content
    assert file.load().damaged == ""


@pytest.mark.parametrize("length", [1, 100, 300, 500])
def test_a_half_written_file_is_set_aside(file, length):
    file.path.write_bytes(file.path.read_bytes()[:length])
    assert file.load().damaged


@pytest.mark.parametrize(
    "name, value",
    [
        ("home_address", "x"), ("home_address", 5), ("home_agent", None), ("kind", "x"), ("algorithm", "md5"),
        ("algorithm", ["x"]), ("spi_in", 255), ("spi_in", 1000.0), ("spi_in", True), ("spi_out", "7"), ("owner", "I"),
        ("created_time", "x"), ("created_time", float("nan")), ("secret", "00"), ("secret", ""), ("secret", "xx"),
        ("secret", None), ("spi_out", 2001),
    ],
)  # fmt: skip
def test_one_bad_key_does_not_take_the_others_with_it(file, name, value):
    document = json.loads(file.path.read_bytes())
    document["keys"][1 if (name, value) == ("spi_out", 2001) else 0][name] = value
    if (name, value) == ("spi_out", 2001):
        document["keys"].append(document["keys"][1])
        document["keys"] = document["keys"][1:]
    file.path.write_text(json.dumps(document))
    kept = file.load()
    assert kept.damaged == "1 of 2 keys were not understood"
    assert [each.spi_out for each in kept.infos] == [2001]
    assert others(file) == ["keys.json.damaged-1"]
    again = file.load()
    assert (again.damaged, again.infos) == ("", kept.infos), "what was understood is on disk again"


def test_a_disk_that_refuses_takes_no_key_away(file, monkeypatch):
    document = json.loads(file.path.read_bytes())
    document["keys"][0]["kind"] = "x"
    file.path.write_text(json.dumps(document))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("service.key_file.write_atomically", full)
    kept = file.load()
    assert [each.spi_out for each in kept.infos] == [2001]
    assert "cannot be written again (No space left on device)" in kept.damaged


def test_too_many_keys_are_not_taken(file):
    document = json.loads(file.path.read_bytes())
    row = document["keys"][0]
    document["keys"] = [row | {"spi_out": 256 + number} for number in range(70)]
    file.path.write_text(json.dumps(document))
    kept = file.load()
    assert len(kept.infos) == 64
    assert kept.damaged == "70 keys are too many"


def test_what_a_crash_left_behind_is_removed(file):
    (file.folder / "keys.json.new").write_bytes(SECRET)
    assert len(file.load().infos) == 2
    assert others(file) == []


def test_damaged_files_do_not_pile_up(file):
    for _ in range(20):
        file.path.write_bytes(b"x")
        file.path.chmod(0o600)
        assert file.load().damaged
    assert len(others(file)) == 9


def test_nothing_shows_a_secret(file):
    kept = file.load()
    assert kept.secrets[IDENTITY] == SECRET
    for form in (SECRET.hex(), repr(SECRET)[2:-1]):
        assert form not in repr(kept) + repr(file)
