# SPDX-License-Identifier: GPL-2.0-or-later
"""The language of the tray: every text a person reads passes through `tr` or `trn`.

    tr("At home")
    tr("Reachable at {address}", address=address)
    trn("{count} move", "{count} moves", count)

The English text is the key. `ui.language` installs a catalogue; without one the texts stay English. Texts of the
service (titles of problems and errors, descriptions of settings) are keys too, and `ui.service_texts` has those in
which something is filled in when they arrive.
"""

import gettext
import re
from collections.abc import Iterable

_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_filled_in: list[tuple[re.Pattern[str], str]] = []


def install(catalogue: gettext.NullTranslations, templates: Iterable[str] = ()) -> None:
    """Speak the language of this catalogue from now on. Windows that are open keep their texts.

    `templates` are sentences that arrive with `{name}` filled in already.
    """
    global _catalogue
    _catalogue = catalogue
    _filled_in[:] = [(_pattern(each), each) for each in templates if "{" in each]


def language() -> str:
    """The language spoken, like "de"."""
    return _catalogue.info().get("language", "en")


def tr(text: str, /, **values: object) -> str:
    """The text in the person's language, with `{name}` filled in."""
    translated = _catalogue.gettext(text) if text else ""
    if values:
        return translated.format(**values)
    return _with_things_filled_in(text) if translated == text else translated


def trn(singular: str, plural: str, count: int, /, **values: object) -> str:
    """The text for this number of things; `{count}` is filled in."""
    return _catalogue.ngettext(singular, plural, count).format(count=count, **values)


def mark(text: str, /) -> str:
    """Marks a text in a table for translation; `tr` translates it where it is shown."""
    return text


def _with_things_filled_in(text: str) -> str:
    for pattern, template in _filled_in:
        if found := pattern.fullmatch(text):
            return _catalogue.gettext(template).format(**found.groupdict())
    return text


def _pattern(template: str) -> re.Pattern[str]:
    """What a template looks like with things filled in."""
    pieces = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{each}>.+?)" if at % 2 else re.escape(each) for at, each in enumerate(pieces)))
