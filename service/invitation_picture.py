# SPDX-License-Identifier: GPL-2.0-or-later
"""An invitation as a picture: a QR code with its text, for a terminal and as PNG."""

import io
from typing import TYPE_CHECKING, Final

from mnclient.model.invitation import Invitation, SealedInvitation, invitation_text

if TYPE_CHECKING:
    from segno import QRCode

_SCALE: Final = 6  # pixels of a module: fits on a screen, and a camera is content


def pictured_text(invitation: Invitation | SealedInvitation) -> str:
    """What is in the picture: the text without its comments, which is the same invitation."""
    lines = invitation_text(invitation).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


def terminal_picture(invitation: Invitation | SealedInvitation) -> str:
    """Lines of blocks, two modules high each, with the codes that make them black on white on any terminal."""
    drawn = io.StringIO()
    _code(invitation).terminal(out=drawn, compact=True)
    return drawn.getvalue()


def png_picture(invitation: Invitation | SealedInvitation) -> bytes:
    """The content of a PNG file."""
    drawn = io.BytesIO()
    _code(invitation).save(drawn, kind="png", scale=_SCALE)
    return drawn.getvalue()


def _code(invitation: Invitation | SealedInvitation) -> "QRCode":
    import segno  # 40 ms, and seldom needed

    return segno.make_qr(pictured_text(invitation), error="l", mode="byte", encoding="utf-8", boost_error=False)
