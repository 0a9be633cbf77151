# SPDX-License-Identifier: GPL-2.0-or-later
import io
import logging
import socket
import struct
import sys

import pytest

from service.journal import LONGEST_MESSAGE, JournalFormatter, JournalHandler


def read(datagram):
    """The fields of an entry, by the description of the journal's native protocol."""
    fields = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        assert name.decode() not in fields
        fields[name.decode()] = value.decode()
        datagram = rest
    return fields


@pytest.fixture
def journal(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "journal"))
        receiver.settimeout(10)
        yield receiver


@pytest.fixture
def standard_error():
    return io.StringIO()


@pytest.fixture
def logger(tmp_path, journal, standard_error):
    otherwise = logging.StreamHandler(standard_error)
    otherwise.setFormatter(JournalFormatter())
    handler = JournalHandler("mnclientd", otherwise, tmp_path / "journal")
    made = logging.Logger("mnclient.engine")
    made.addHandler(handler)
    yield made
    handler.close()


def test_a_record_has_fields_to_select_by(logger, journal):
    logger.warning("home agent %s is silent", "2001:db8::1")
    fields = read(journal.recv(65_536))
    line = fields.pop("CODE_LINE")
    assert int(line) > 0
    assert fields == {
        "MESSAGE": "home agent 2001:db8::1 is silent",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "mnclientd",
        "LOGGER": "mnclient.engine",
        "CODE_FILE": __file__,
        "CODE_FUNC": "test_a_record_has_fields_to_select_by",
    }


@pytest.mark.parametrize(
    "level, priority", [("debug", "7"), ("info", "6"), ("warning", "4"), ("error", "3"), ("critical", "2")]
)
def test_priorities_are_those_of_syslog(logger, journal, level, priority):
    getattr(logger, level)("said")
    assert read(journal.recv(65_536))["PRIORITY"] == priority


@pytest.mark.parametrize("text", ["two\nlines", "\n", "PRIORITY=0\nMESSAGE=forged", "ends so\n", "ü\udcff"])
def test_no_text_is_taken_for_a_field(logger, journal, text):
    logger.info("%s", text)
    fields = read(journal.recv(65_536))
    assert fields["MESSAGE"] == text.encode(errors="backslashreplace").decode()
    assert fields["PRIORITY"] == "6"


def test_a_traceback_is_in_the_message(logger, journal):
    try:
        raise ValueError("a defect")
    except ValueError:
        logger.error("failed", exc_info=sys.exc_info())
    message = read(journal.recv(65_536))["MESSAGE"]
    assert message.startswith("failed\nTraceback") and message.endswith("ValueError: a defect")


def test_a_message_without_end_is_cut(logger, journal):
    logger.info("x" * 1_000_000)
    assert read(journal.recv(262_144))["MESSAGE"] == "x" * LONGEST_MESSAGE


def test_what_the_journal_does_not_take_is_not_lost(logger, journal, standard_error, tmp_path):
    journal.close()
    logger.error("first\nsecond")
    assert standard_error.getvalue() == "<3>first\n<3>second\n"


def test_without_a_journal_there_is_no_handler(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        JournalHandler("mnclientd", logging.NullHandler(), tmp_path / "gone")
