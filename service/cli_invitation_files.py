# SPDX-License-Identifier: GPL-2.0-or-later
"""Where `mnctl` writes an invitation: a file that nobody else can read, standard output, and a picture."""

import argparse
import asyncio
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Final, Self

from mnclient.model.guest import Guest
from mnclient.model.invitation import Invitation, SealedInvitation, invitation_text
from service import cli_passphrase
from service.cli_output import Output
from service.client import seal_invitation
from service.contract import InvalidArgument

STANDARD_OUTPUT: Final = "-"
SUFFIX: Final = ".mnclient-invitation"
_MODE: Final = 0o600

Written = Invitation | SealedInvitation


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where it goes. `png` None for no picture; `passphrase` "" when it is not sealed."""

    target: str
    png: str | None
    passphrase: str = field(repr=False)
    is_shown: bool
    """The picture is printed, too."""

    @classmethod
    def chosen(cls, arguments: argparse.Namespace) -> Self:
        """As the command line says, before anything is made. InvalidArgument for a file that is there."""
        target = arguments.output or f"{re.sub('[^A-Za-z0-9._-]', '_', arguments.name.lstrip('.'))}{SUFFIX}"
        _require_new([Path(each) for each in (target, arguments.png) if each is not None and each != STANDARD_OUTPUT])
        is_sealed = arguments.seal or arguments.passphrase_file is not None
        return cls(
            target=target,
            png=arguments.png,
            passphrase=cli_passphrase.chosen(arguments.passphrase_file) if is_sealed else "",
            is_shown=arguments.qr or sys.stdout.isatty(),
        )

    async def write(self, invitation: Invitation) -> Written:
        """Write it, sealed if wanted; what it is then. After an error nothing of it is left."""
        made: Written = invitation
        if self.passphrase:
            made = await asyncio.to_thread(seal_invitation, invitation, self.passphrase)
        written: list[Path] = []
        try:
            if self.target != STANDARD_OUTPUT:
                _write_new(Path(self.target), invitation_text(made).encode(), written)
            if self.png is not None:
                _write_new(Path(self.png), _png(made), written)
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise
        return made

    def tell(self, guest: Guest, made: Written, words: str, output: Output) -> None:
        """Where it is and what to do with it; `words` is the sentence before."""
        if output.as_json:
            is_printed = self.target == STANDARD_OUTPUT
            where = {"invitation": invitation_text(made)} if is_printed else {"file": self.target}
            output.json(ok=True, guest=guest, **where, **({} if self.png is None else {"png": self.png}))
            return
        if self.target == STANDARD_OUTPUT:
            output.line(invitation_text(made).rstrip("\n"))
            return
        output.line(words)
        output.line(f"Take {self.target} there, and do: mnctl join {quote(self.target)}.")
        if isinstance(made, Invitation):
            output.line("Whoever has it can take that home address: show it to nobody else.")
        else:
            output.line("It is sealed: tell the passphrase on another way.")
        if self.png is not None:
            output.line(f"As a picture it is in {self.png}.")
        if self.is_shown:
            from service.invitation_picture import terminal_picture

            output.line(terminal_picture(made))


def _require_new(files: list[Path]) -> None:
    for path in files:
        if path.is_symlink() or path.exists():
            raise InvalidArgument(f"There is a file {path} already", hint="name another one, or remove it first")
    if len(set(files)) < len(files):
        raise InvalidArgument("The invitation and its picture cannot be one file", hint="name two")


def _write_new(path: Path, content: bytes, written: list[Path]) -> None:
    """A file that nobody else can read, and that was not there before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    written.append(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _png(invitation: Written) -> bytes:
    from service.invitation_picture import png_picture

    return png_picture(invitation)
