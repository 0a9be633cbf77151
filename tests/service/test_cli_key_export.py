# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl keys export`: from an invitation, without asking the service anything."""

import json

import pytest

from mnclient.model.invitation import invitation_text
from service import cli, invitation_seal
from tests.service.test_key_export import invitation


@pytest.fixture
def export(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*words, status=0):
        assert cli.main(["--bus", "unix:path=/nowhere", "keys", "export", *words]) == status
        return capsys.readouterr()

    return run


@pytest.mark.parametrize("form", ["ip-xfrm", "setkey", "strongswan", "mip6d"])
def test_a_text_for_each_program(export, tmp_path, form):
    (tmp_path / "file").write_text(invitation_text(invitation()))
    told = export("file", "--for", form).out
    assert f"The home agent's key for laptop, in the form of {form}." in told
    assert "mobile node's key" in export("file", "--for", form, "--side", "mobile-node").out
    assert json.loads(export("file", "--for", form, "--json").out) == {
        "form": form,
        "side": "home-agent",
        "text": told,
    }


def test_a_sealed_one(export, tmp_path):
    (tmp_path / "file").write_text(invitation_text(invitation_seal.seal_invitation(invitation(), "correct horse", 14)))
    (tmp_path / "pass").write_text("correct horse\n")
    assert "xfrm state add" in export("file", "--for", "ip-xfrm", "--passphrase-file", "pass").out
    (tmp_path / "pass").write_text("correct hoarse\n")
    assert "does not open" in export("file", "--for", "ip-xfrm", "--passphrase-file", "pass", status=1).err


def test_what_is_no_invitation(export, tmp_path):
    assert "There is no file" in export("nowhere", "--for", "setkey", status=5).err
    (tmp_path / "file").write_text("secret = 'c0ffee'")
    told = export("file", "--for", "setkey", status=1)
    assert told.out == "" and "c0ffee" not in told.err


def test_other_programs_are_not_known(export, capsys):
    for words in (("file",), ("file", "--for", "racoon"), ("file", "--for", "setkey", "--side", "left")):
        with pytest.raises(SystemExit) as ended:
            export(*words)
        assert ended.value.code == 2
