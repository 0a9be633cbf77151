# SPDX-License-Identifier: GPL-2.0-or-later
"""The language of the tray: every text a person reads passes through `tr` or `trn`.

    tr("At home")
    tr("Reachable at {address}", address=address)
    trn("{count} move", "{count} moves", count)

The English text is the key. `ui.language` installs a catalogue; without one the texts stay English. Texts of the
service (titles of problems and errors, descriptions of settings) are keys too.
"""

import gettext

_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def install(catalogue: gettext.NullTranslations) -> None:
    """Speak the language of this catalogue from now on. Windows that are open keep their texts."""
    global _catalogue
    _catalogue = catalogue


def tr(text: str, /, **values: object) -> str:
    """The text in the person's language, with `{name}` filled in."""
    translated = _catalogue.gettext(text) if text else ""
    return translated.format(**values) if values else translated


def trn(singular: str, plural: str, count: int, /, **values: object) -> str:
    """The text for this number of things; `{count}` is filled in."""
    return _catalogue.ngettext(singular, plural, count).format(count=count, **values)


def mark(text: str, /) -> str:
    """Marks a text in a table for translation; `tr` translates it where it is shown."""
    return text
