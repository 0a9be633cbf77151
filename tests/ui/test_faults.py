# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import sys

import pytest

from ui import faults


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    faults.install()


def fail(error):
    try:
        raise error
    except BaseException as caught:
        sys.excepthook(type(caught), caught, caught.__traceback__)


def test_a_person_reads_one_sentence_and_the_rest_is_kept(capsys):
    fail(ZeroDivisionError("the details"))
    said = capsys.readouterr().err
    assert said == f"mnclient: something went wrong (ZeroDivisionError). Details for a report are in {faults.path()}.\n"
    kept = faults.path().read_text(encoding="utf-8")
    assert "Traceback" in kept and "the details" in kept


def test_control_c_is_no_fault(capsys):
    fail(KeyboardInterrupt())
    assert capsys.readouterr().err == "" and not faults.path().exists()


def test_the_file_does_not_grow_for_ever(monkeypatch):
    monkeypatch.setattr(faults, "LARGEST", 10)
    fail(ValueError("first"))
    fail(ValueError("second"))
    assert "first" not in faults.path().read_text(encoding="utf-8")


def test_where_nothing_can_be_kept_it_is_shown(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    fail(ValueError("the details"))
    assert "the details" in capsys.readouterr().err


async def test_a_task_that_failed_is_kept_and_a_lost_message_is_not(capsys):
    loop = asyncio.get_running_loop()
    faults._in_loop(loop, {"message": "Future exception was never retrieved", "exception": BrokenPipeError(),
                           "future": loop.create_future()})  # fmt: skip
    assert capsys.readouterr().err == ""
    faults._in_loop(loop, {"message": "x", "exception": BrokenPipeError(), "future": asyncio.current_task()})
    assert "BrokenPipeError" in capsys.readouterr().err
    faults._in_loop(loop, {"message": "only words"})
    assert "only words" in faults.path().read_text(encoding="utf-8")
