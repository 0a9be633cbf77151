# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the bytes of a secret can be found, in any of the forms that a program would write them in."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path


def forms(secret: bytes) -> dict[str, bytes]:
    """The secret as it is, and as text: each is looked for in lower and upper case."""
    found = {
        "raw": secret,
        "hexadecimal": secret.hex().encode(),
        "HEXADECIMAL": secret.hex().upper().encode(),
        "with colons": secret.hex(":").encode(),
        "with spaces": secret.hex(" ").encode(),
        "repr": repr(secret)[2:-1].encode(),
        "numbers": ", ".join(map(str, secret)).encode(),
        "numbers of busctl": " ".join(map(str, secret)).encode(),
        "numbers in JSON": ",".join(map(str, secret)).encode(),
    }
    for begin in range(3):  # base64 of a longer text has it at one of three places
        whole = len(secret[begin:]) // 3 * 3
        found[f"base64, {begin}"] = b64encode(secret[begin : begin + whole])
        found[f"base64 for URLs, {begin}"] = urlsafe_b64encode(secret[begin : begin + whole])
    return found


def told_in(content: bytes, secrets: Iterable[bytes]) -> dict[str, int]:
    """In which forms, and how often, one of the secrets is in it."""
    found: dict[str, int] = {}
    for secret in secrets:
        for name, form in forms(secret).items():
            if count := content.count(form):
                found[name] = found.get(name, 0) + count
    return found


def files_of(folder: Path, *, but: Iterable[Path] = ()) -> list[Path]:
    """All that is below a folder, but what is in one of these."""
    left_out = tuple(but)
    below = (each for each in folder.rglob("*") if each.is_file())
    return [each for each in below if not any(each == one or one in each.parents for one in left_out)]
