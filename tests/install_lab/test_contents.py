# SPDX-License-Identifier: GPL-2.0-or-later
import json
import sys

import pytest

from tests.install_lab.contents import OTHERS, Differences, compare, look, main, new_users, users


@pytest.fixture
def root(tmp_path):
    for name in ("etc", "usr/bin", "var/lib/dpkg/info", "var/log"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "usr/bin/program").write_text("one")
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    return tmp_path


def test_nothing_differs_from_itself(root):
    assert not compare(look(root), look(root))


def test_one_folder_alone(root):
    assert look(root, "usr") == {name: told for name, told in look(root).items() if name.startswith("usr/")}


def test_a_program_says_the_same_as_json(root, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["contents.py", str(root), "usr", "etc"])
    main()
    assert json.loads(capsys.readouterr().out) == look(root, "usr", "etc")


def empty_folder(root):
    (root / "usr/lib/mnclient").mkdir(parents=True)


def dangling_link(root):
    (root / "etc/link").symlink_to("/nowhere")


def other_content(root):
    (root / "usr/bin/program").write_text("two")


def other_mode(root):
    (root / "usr/bin/program").chmod(0o700)


def gone(root):
    (root / "usr/bin/program").unlink()


@pytest.mark.parametrize(
    "change, expected",
    [
        (empty_folder, Differences(("usr/lib", "usr/lib/mnclient"), (), ())),
        (dangling_link, Differences(("etc/link",), (), ())),
        (other_content, Differences((), (), ("usr/bin/program",))),
        (other_mode, Differences((), (), ("usr/bin/program",))),
        (gone, Differences((), ("usr/bin/program",), ())),
    ],
)
def test_what_is_left_is_found(root, change, expected):
    before = look(root)
    change(root)
    assert compare(before, look(root)) == expected


def test_a_link_to_a_folder_is_not_followed(root):
    (root / "usr/self").symlink_to("..")
    assert "usr/self" in look(root) and "usr/self/etc" not in look(root)


@pytest.mark.parametrize("place", OTHERS)
def test_what_others_write_is_no_orphan(root, place):
    before = look(root)
    file = root / (place + "file" if place.endswith("/") else place)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("new")
    added = set(compare(before, look(root)).added)
    assert not {each for each in added if each.startswith(place)}


def test_a_place_that_only_begins_like_one_of_others_counts(root):
    before = look(root)
    (root / "var/lib/dpkg-ours").write_text("")
    (root / "etc/passwd-ours").write_text("")
    assert compare(before, look(root)).added == ("etc/passwd-ours", "var/lib/dpkg-ours")


def test_users_are_compared_by_their_lines(root):
    before = users(root)
    assert new_users(before, users(root)) == set()
    with (root / "etc/passwd").open("a") as file:
        file.write("mnclient:x:990:990::/var/lib/mnclient:/usr/sbin/nologin\n")
    (root / "etc/group").write_text("other:x:17:\n")
    assert new_users(before, users(root)) == {"mnclient", "other"}
