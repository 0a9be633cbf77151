# SPDX-License-Identifier: GPL-2.0-or-later
import json
import os
from pathlib import Path

import pytest

from mnclient.errors import MobileIPv6Error
from service import installation
from service.installation import PARTS, RECORD, check_programs, install, source_folder, uninstall

PROGRAMS = Path("/opt/mnclient/bin")


@pytest.fixture
def root(tmp_path):
    """A system with a few folders, and a file of somebody else."""
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/other.service").write_text("of somebody else")
    return tmp_path


def everything(root):
    return {str(each.relative_to(root)): each.is_file() and each.read_bytes() for each in root.rglob("*")}


def test_what_is_installed_can_be_removed_without_a_trace(root):
    before = everything(root)
    written = install(root, PROGRAMS)
    assert {str(each.relative_to(root)) for each in written} == set(PARTS.values())
    assert set(uninstall(root).removed) == set(written)
    assert everything(root) == before


def test_units_start_the_programs_of_this_installation(root):
    install(root, PROGRAMS)
    unit = (root / "etc/systemd/system/mnclientd.service").read_text(encoding="utf-8")
    assert "\nExecStart=/opt/mnclient/bin/mnclientd\n" in unit
    assert "exec /opt/mnclient/bin/mnctl reset-network" in unit
    assert "ExecStart=/opt/mnclient/bin/mnctl reset-network" in (
        root / "etc/systemd/system/mnclient-sweep.service"
    ).read_text(encoding="utf-8")
    texts = [each.read_text(encoding="utf-8") for each in root.rglob("*") if each.is_file()]
    assert not [text for text in texts if "/usr/sbin/mnclientd" in text or "/usr/bin/mnctl" in text]


def test_files_can_be_read_by_everybody(root):
    before = os.umask(0o077)
    try:
        written = install(root, PROGRAMS)
    finally:
        os.umask(before)
    assert {each.stat().st_mode & 0o777 for each in written} == {0o644}


def test_an_update_writes_what_is_new(root):
    install(root, PROGRAMS)
    install(root, Path("/opt/other/bin"))
    assert "/opt/other/bin/mnclientd" in (root / "etc/systemd/system/mnclientd.service").read_text(encoding="utf-8")
    assert uninstall(root).kept == ()
    assert [each.name for each in (root / "etc/systemd/system").iterdir()] == ["other.service"]


def test_what_was_edited_is_left(root):
    install(root, PROGRAMS)
    edited = root / "etc/modules-load.d/mnclient.conf"
    edited.write_text("tun\n")
    with pytest.raises(MobileIPv6Error, match="is there already"):
        install(root, PROGRAMS)
    assert uninstall(root).kept == (edited,)
    assert edited.read_text() == "tun\n"
    assert not (root / RECORD).exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dead link"])
def test_what_a_package_put_there_is_not_touched(root, kind):
    place = root / PARTS["polkit/org.mnclient.policy"]
    place.parent.mkdir(parents=True)
    if kind == "file":
        place.write_text("of a package")
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(root / ("etc" if kind == "link" else "nowhere"))
    before = everything(root)
    with pytest.raises(MobileIPv6Error, match=r"org\.mnclient\.policy is there already"):
        install(root, PROGRAMS)
    assert everything(root) == before


def test_nothing_to_remove(root):
    with pytest.raises(MobileIPv6Error, match="Nothing was installed"):
        uninstall(root)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"files": 1, "folders": []}',
        b'{"files": {}}',
        b'{"files": {"/etc/passwd": ""}, "folders": []}',
        b'{"files": {"../../etc/passwd": ""}, "folders": []}',
        b'{"files": {}, "folders": ["etc/../.."]}',
        b'{"files": {"": ""}, "folders": []}',
    ],
)
def test_a_damaged_record_removes_nothing(root, record):
    install(root, PROGRAMS)
    (root / RECORD).write_bytes(record)
    before = everything(root)
    for work in (lambda: uninstall(root), lambda: install(root, PROGRAMS)):
        with pytest.raises(MobileIPv6Error, match="record of what was installed is damaged"):
            work()
    assert everything(root) == before


def test_an_installation_that_fails_half_way_can_be_removed(root, monkeypatch):
    before, write = everything(root), installation.write_atomically

    def full_disk(path, content, mode):
        if path.name == "mnclient.conf":
            raise OSError(28, "No space left on device")
        write(path, content, mode)

    monkeypatch.setattr(installation, "write_atomically", full_disk)
    with pytest.raises(OSError, match="No space"):
        install(root, PROGRAMS)
    assert everything(root) != before
    monkeypatch.undo()
    uninstall(root)
    assert everything(root) == before


def test_a_file_removed_by_hand_is_no_trouble(root):
    install(root, PROGRAMS)
    (root / PARTS["modules/mnclient.conf"]).unlink()
    assert root / PARTS["modules/mnclient.conf"] not in uninstall(root).removed


def test_the_record_names_every_file(root):
    install(root, PROGRAMS)
    assert set(json.loads((root / RECORD).read_text())["files"]) == set(PARTS.values())


def test_the_files_come_from_the_checkout_or_a_wheel(tmp_path, monkeypatch):
    assert source_folder().name == "installer"
    monkeypatch.setattr(installation, "__file__", str(tmp_path / "lib/service/installation.py"))
    monkeypatch.setattr(installation.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(MobileIPv6Error, match="not here"):
        source_folder()
    for name in PARTS:
        (tmp_path / "share/mnclient" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "share/mnclient" / name).touch()
    assert source_folder() == tmp_path / "share/mnclient"


def test_programs_that_systemd_cannot_start(tmp_path, monkeypatch):
    with pytest.raises(MobileIPv6Error, match="There is no program mnclientd"):
        check_programs(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    check_programs(PROGRAMS)
    for hidden in ("/home/user/.venv/bin", "/root", "/tmp/x/bin", "/var/tmp/x"):
        with pytest.raises(MobileIPv6Error, match="the service cannot see"):
            check_programs(Path(hidden))
    for strange in ("/opt/my programs", "/opt/50%", "/opt/a\nb", "/opt/$x", '/opt/"', "/opt/\x07"):
        with pytest.raises(MobileIPv6Error, match="cannot name the folder"):
            check_programs(Path(strange))
