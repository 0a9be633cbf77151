# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from mnclient.errors import MobileIPv6Error
from tests.ui import samples
from tests.ui.keys.samples import COMPUTERS, MISSING, USERS, with_keys
from ui.keys.key_courier import RETRY_SECONDS, KeyCourier
from ui.keys.keyring_store import key_name
from ui.session import Reach
from ui.view.key_text import Secret

NAME = key_name(*MISSING.identity)
SECRET = Secret(b"a key of the tests")
WANTED = (*MISSING.identity, SECRET.octets)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def courier(session, keyring, clock):
    keyring.kept[NAME] = SECRET
    made = KeyCourier(session, keyring, clock)
    made.told = []
    made.troubled.connect(lambda error: made.told.append(error.title))
    return made


def test_what_the_service_lacks_is_handed_over(courier, session):
    session.show(with_keys(COMPUTERS, MISSING))
    assert session.asked("provide_key") == [WANTED]
    session.show(with_keys(COMPUTERS, USERS))
    assert session.asked("provide_key") == [WANTED] and courier.told == []


def test_what_the_service_has_is_not_fetched(courier, session, keyring):
    session.show(with_keys(COMPUTERS, USERS))
    assert keyring.asked == []


def test_one_request_at_a_time(courier, session, keyring):
    session.hold("provide_key")
    for _ in range(5):
        session.show(with_keys(MISSING))
    assert keyring.asked == [("fetch", NAME)]
    session.release()
    assert session.asked("provide_key") == [WANTED]


def test_after_each_start_of_the_service(courier, session):
    session.show(with_keys(MISSING))
    session.show(with_keys(USERS))
    session.lose()
    session.show(with_keys(MISSING))
    assert session.asked("provide_key") == [WANTED, WANTED]


def test_a_locked_keyring_is_told_once_and_not_asked_again(courier, session, keyring, clock):
    keyring.lock()
    for _ in range(5):
        clock.now += RETRY_SECONDS * 10
        session.show(with_keys(MISSING))
    session.lose()
    session.show(with_keys(MISSING))
    assert courier.told == ["Your keyring is locked"] and len(keyring.asked) == 1
    keyring.broken = None
    courier.retry()
    assert session.asked("provide_key") == [WANTED]


def test_other_trouble_is_tried_again_after_a_while(courier, session, keyring, clock):
    keyring.fail()
    session.show(with_keys(MISSING))
    session.show(with_keys(MISSING))
    assert len(keyring.asked) == 1
    clock.now += RETRY_SECONDS
    session.show(with_keys(MISSING))
    assert len(keyring.asked) == 2 and len(courier.told) == 1
    keyring.broken = None
    session.lose(Reach.ABSENT)  # a new start of the service is not waited for
    session.show(with_keys(MISSING))
    assert session.asked("provide_key") == [WANTED]


def test_recovery_is_told(courier, session, keyring, qtbot):
    keyring.fail()
    session.show(with_keys(MISSING))
    with qtbot.waitSignal(courier.recovered):
        session.show(with_keys(USERS))
    assert courier.trouble is None


def test_a_key_that_the_keyring_lacks(courier, session, keyring):
    keyring.kept.clear()
    session.show(with_keys(MISSING))
    assert courier.told == ["Your keyring does not have the key of your home address"]
    assert session.asked("provide_key") == []


def test_a_service_that_refuses(courier, session):
    session.answers["provide_key"] = MobileIPv6Error("That key has another length")
    session.show(with_keys(MISSING))
    session.show(with_keys(MISSING))
    assert courier.told == ["That key has another length"] and len(session.asked("provide_key")) == 1


def test_a_status_without_keys(courier, session, keyring):
    for status in samples.STATES.values():
        session.show(status)
    assert keyring.asked == []
