# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of a report, and that iproute2 cannot put a key into one."""

import pytest

from service.facts.programs import Answer
from service.report import sections
from service.report.sections import Section, as_text, of_system, without_keys

STATE = """src 2001:db8:1::1 dst 2001:db8:1::10
	proto esp spi 0x00000100 reqid 6275 mode transport
	{how}
	sel src ::/0 dst ::/0
"""


@pytest.mark.parametrize(
    "how",
    [
        "auth-trunc hmac(sha256) 0x00112233445566778899aabbccddeeff 128",
        "enc cbc(aes) 0x00112233445566778899aabbccddeeff",
        "aead rfc4106(gcm(aes)) 0x00112233445566778899aabbccddeeff 128",
        'auth hmac(sha1) "0011223344556677"',
    ],
)
def test_a_key_is_left_out(how):
    text = without_keys(STATE.format(how=how))
    assert "00112233" not in text and "(left out)" in text
    assert "spi 0x00000100" in text


def test_what_cannot_be_asked_says_why(monkeypatch):
    monkeypatch.setattr(sections, "ask", lambda command: Answer("", f"the program {command[0]} is not installed"))
    found = {section.title: section.text for section in of_system()}
    assert found["our filter"] == "(the program nft is not installed)\n"
    assert "Python 3" in found["system"]


def test_keys_are_not_even_asked_for():
    commands = [command for _, command in sections._COMMANDS if command[:3] == ["ip", "xfrm", "state"]]
    assert commands == [["ip", "xfrm", "state", "list", "nokeys"]]


def test_the_text():
    assert as_text([Section("a", "1\n\n"), Section("b", "")]) == "=== a ===\n1\n\n=== b ===\n\n"
