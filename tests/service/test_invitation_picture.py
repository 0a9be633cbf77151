# SPDX-License-Identifier: GPL-2.0-or-later
import struct
from dataclasses import replace

import pytest

from mnclient.model.invitation import LONGEST_NAME, invitation_text, parse_invitation
from mnclient.model.keys import KeyKind
from service.guest_rules import invitation_for
from service.invitation_picture import pictured_text, png_picture, terminal_picture
from service.invitation_seal import seal_invitation
from tests.service.fake_guests import GUEST

PLAIN = invitation_for(GUEST, bytes(16))
LARGEST = replace(
    PLAIN,
    name="ы" * LONGEST_NAME,
    identity="x" * 253,
    kind=KeyKind.ESP,
    algorithm="aes-cbc-256+hmac-sha-512",
    secret=bytes(96),
)


@pytest.mark.parametrize("invitation", [PLAIN, LARGEST, seal_invitation(LARGEST, "correct horse", 14)])
def test_the_picture_has_the_same_invitation(invitation):
    text = pictured_text(invitation)
    assert parse_invitation(text) == invitation
    assert "#" not in text and len(text) < len(invitation_text(invitation))
    picture = png_picture(invitation)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n") and picture[12:16] == b"IHDR"
    width, height = struct.unpack("!II", picture[16:24])
    assert width == height and width % 6 == 0
    modules = width // 6
    assert len(terminal_picture(invitation).splitlines()) == (modules + 1) // 2


def test_another_secret_is_another_picture():
    assert png_picture(PLAIN) != png_picture(replace(PLAIN, secret=bytes(15) + b"\1"))
