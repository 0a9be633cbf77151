# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray's texts and their translations: `make translations`.

Gathers every text of `ui/` and what the service says through it (problems, settings), brings the catalogues in
`ui/locale/` up to date and compiles them. What is not translated yet is left empty, and said; a test refuses it.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from mnclient.model.problems import DECLARATIONS
from service.settings_declaration import Setting
from service.settings_schema import SETTINGS

ROOT: Final = Path(__file__).resolve().parents[2]
UI: Final = ROOT / "ui"
LOCALE: Final = UI / "locale"
LANGUAGES: Final = ("de",)
KEYWORDS: Final = {"tr": None, "trn": (1, 2), "mark": None}
HEADER: Final = "# SPDX-License-Identifier: GPL-2.0-or-later\n"
_HEADERS: Final = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")
_PLACEHOLDER: Final = re.compile(r"\{\w+")


def po_file(language: str) -> Path:
    """What translators edit."""
    return LOCALE / language / "LC_MESSAGES" / "mnclient.po"


def mo_file(language: str) -> Path:
    """What the tray reads."""
    return po_file(language).with_suffix(".mo")


def gather() -> Catalog:
    """Every text that may be shown, with where it is."""
    template = Catalog(project="mnclient", charset="utf-8")
    found = extract_from_dir(UI, [("**.py", "python")], keywords=KEYWORDS)
    for file, line, text, comments, _ in sorted(found, key=lambda each: (each[0], each[1])):
        template.add(text, locations=[(f"ui/{Path(file).as_posix()}", line)], auto_comments=comments)
    for file, text in (*_problem_texts(), *_setting_texts()):
        template.add(text, locations=[(file, 1)])
    return template


def _problem_texts() -> Iterator[tuple[str, str]]:
    for declaration in DECLARATIONS.values():
        for text in (declaration.title, declaration.text, declaration.remedy):
            yield "mnclient/model/problems.py", text


def _setting_texts() -> Iterator[tuple[str, str]]:
    def walk(settings: tuple[Setting, ...]) -> Iterator[str]:
        for setting in settings:
            yield setting.description
            yield from walk(setting.fields)

    for text in walk(SETTINGS):
        yield "service/settings_schema.py", text


def read(language: str) -> Catalog:
    """The catalogue as it is; an empty one when there is none."""
    path = po_file(language)
    if not path.exists():
        return Catalog(locale=language, project="mnclient", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as the tray reads it: the same octets whenever and with whichever Babel it is made."""
    made = _Undated(locale=catalogue.locale, charset="utf-8")
    for message in catalogue:
        if message.id:
            made[message.id] = message
    buffer = io.BytesIO()
    write_mo(buffer, made)
    return buffer.getvalue()


class _Undated(Catalog):
    """Its header says how to read it, and not when and with what it was made."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [(name, text) for name, text in super().mime_headers if name in _HEADERS]


def faults(catalogue: Catalog, template: Catalog) -> list[str]:
    """What is missing or wrong in a catalogue, as sentences."""
    found = []
    for wanted in template:
        if not wanted.id:
            continue
        message = catalogue.get(wanted.id)
        if message is None or not _strings(message) or not all(_strings(message)):
            found.append(f"not translated: {wanted.id!r}")
        elif message.fuzzy:
            found.append(f"only guessed: {wanted.id!r}")
        else:
            found += [
                f"other placeholders than {wanted.id!r}: {string!r}"
                for string in _strings(message)
                if _placeholders(string) != _placeholders(_ids(message)[-1])
            ]
    known = {_ids(each)[0] for each in template if each.id}
    found += [f"no longer used: {each.id!r}" for each in catalogue if each.id and _ids(each)[0] not in known]
    return found


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, tuple | list) else (message.id,)


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string or "",)


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def main() -> int:
    """Bring all catalogues up to date; 1 when something is left to translate."""
    template, left = gather(), 0
    for language in LANGUAGES:
        catalogue = read(language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        path = po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        write_po(buffer, catalogue, width=120, sort_by_file=True, include_lineno=False)
        path.write_bytes(HEADER.encode() + _without_header(buffer.getvalue()))
        mo_file(language).write_bytes(compiled(catalogue))
        missing = faults(catalogue, template)
        left += len(missing)
        print(f"{path.relative_to(ROOT)}: {len(template)} texts, {len(missing)} to do")
        for each in missing:
            print(f"  {each}")
    return 1 if left else 0


def _without_header(text: bytes) -> bytes:
    """Without the comments on top: they name a date and nobody."""
    lines = text.decode().splitlines(keepends=True)
    start = next(index for index, line in enumerate(lines) if not line.startswith("#"))
    kept = [
        line
        for line in lines[start:]
        if not re.match(
            r'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Project-Id-Version|Report-Msgid-Bugs-To|Last-Translator|Language-Team)',
            line,
        )
    ]
    return "".join(kept).encode()


if __name__ == "__main__":
    sys.exit(main())
