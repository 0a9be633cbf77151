# SPDX-License-Identifier: GPL-2.0-or-later
import stat
from dataclasses import replace

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import parse_invitation
from mnclient.model.keys import KeyKind, KeyOwner
from service.contract import NotAllowed
from tests.ui import samples
from tests.ui.keys.samples import COMPUTERS, USERS
from ui.keys.key_work import CannotWriteKeyFile, KeyWork, write_key_file
from ui.keys.keyring_store import key_name
from ui.view.key_text import Secret
from ui.view.keys_view import KeyPlan

SECRET = Secret(bytes(range(0x80, 0x90)))
NAME = key_name(samples.ADDRESS, samples.HOME_AGENT, 6001)
DONE = "done"


def plan(owner=KeyOwner.USER, spi_out=6001):
    return KeyPlan(
        home_address=samples.ADDRESS,
        home_agent=samples.HOME_AGENT,
        kind=KeyKind.RFC4285,
        algorithm="hmac-sha1-96",
        spi_in=6000,
        spi_out=spi_out,
        owner=owner,
        secret=SECRET,
    )


@pytest.fixture
def work(session, keyring):
    return KeyWork(session, keyring)


def outcome(method, *arguments):
    answers = []
    method(*arguments, lambda: answers.append(DONE), answers.append)
    (answer,) = answers
    return answer


def test_a_key_of_the_computer_goes_to_the_service_alone(work, session, keyring):
    assert outcome(work.install, plan(KeyOwner.COMPUTER)) == DONE
    (sent,) = session.asked("set_key")
    expected = (KeyKind.RFC4285, "hmac-sha1-96", 6000, 6001, SECRET.octets, KeyOwner.COMPUTER)
    assert sent == (samples.ADDRESS, samples.HOME_AGENT, *expected)
    assert keyring.asked == []


def test_a_key_of_the_person_is_in_the_keyring_first(work, session, keyring):
    session.answers["set_key"] = lambda *_: keyring.asked.append("set_key")
    assert outcome(work.install, plan()) == DONE
    assert keyring.asked == [("save", NAME), "set_key"] and keyring.kept == {NAME: SECRET}


def test_a_keyring_that_fails_stops_everything(work, session, keyring):
    keyring.lock()
    assert outcome(work.install, plan()) is keyring.broken
    assert session.asked("set_key") == []


def test_a_key_that_the_service_refuses_leaves_the_keyring_again(work, session, keyring):
    session.answers["set_key"] = error = NotAllowed("Permission was not given")
    assert outcome(work.install, plan()) is error
    assert keyring.kept == {}


def test_replace_installs_before_it_deletes(work, session, keyring):
    keyring.kept[key_name(*USERS.identity)] = Secret(b"old")
    assert outcome(work.replace, USERS, plan()) == DONE
    assert [name for name, _ in session.requests] == ["set_key", "remove_key"]
    assert session.asked("remove_key") == [USERS.identity] and keyring.kept == {NAME: SECRET}


def test_a_replacement_that_fails_keeps_the_old_key(work, session):
    session.answers["set_key"] = error = MobileIPv6Error("No")
    assert outcome(work.replace, COMPUTERS, plan(KeyOwner.COMPUTER)) is error
    assert session.asked("remove_key") == []


def test_the_same_number_again_is_put_in_place_by_the_service(work, session):
    assert outcome(work.replace, COMPUTERS, plan(KeyOwner.COMPUTER, COMPUTERS.spi_out)) == DONE
    assert session.asked("remove_key") == []


def test_delete(work, session, keyring):
    keyring.kept[key_name(*USERS.identity)] = SECRET
    assert outcome(work.delete, USERS) == DONE
    assert session.asked("remove_key") == [USERS.identity] and keyring.kept == {}
    assert outcome(work.delete, COMPUTERS) == DONE


def test_a_key_that_cannot_be_deleted_stays_in_the_keyring(work, session, keyring):
    keyring.kept[key_name(*USERS.identity)] = SECRET
    session.answers["remove_key"] = error = NotAllowed("Permission was not given")
    assert outcome(work.delete, USERS) is error
    assert len(keyring.kept) == 1


def test_the_file_for_the_home_agent_is_for_nobody_else(tmp_path):
    path = tmp_path / "key.mnclient"
    path.write_text("what was there before")
    path.chmod(0o644)
    write_key_file(path, plan().invitation(samples.HOME))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert parse_invitation(path.read_text()) == plan().invitation(samples.HOME)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["missing/key", "file/key", "nul\0"])
def test_a_file_that_cannot_be_written(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWriteKeyFile) as error:
        write_key_file(tmp_path / name, plan().invitation(samples.HOME))
    assert error.value.hint and error.value.__cause__ is None
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_its_place(tmp_path):
    with pytest.raises(CannotWriteKeyFile):
        write_key_file(tmp_path, replace(plan().invitation(samples.HOME)))
    assert not tmp_path.with_name(tmp_path.name + ".new").exists()
