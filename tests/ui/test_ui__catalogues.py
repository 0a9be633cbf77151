# SPDX-License-Identifier: GPL-2.0-or-later
"""Every text of the tray exists in every language, says the same, and is compiled."""

import pytest
from babel.messages.catalog import Catalog

from tests.ui.catalogues import LANGUAGES, compiled, faults, gather, mo_file, read


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_complete(language):
    assert faults(read(language), gather()) == [], "make translations, then translate what it names"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_tray_reads_is_what_was_translated(language):
    assert mo_file(language).read_bytes() == compiled(read(language)), "make translations"


def test_what_the_tray_reads_does_not_tell_when_it_was_made():
    made = catalogue(("At home", "Zu Hause"))
    made.creation_date = made.creation_date.replace(year=2000)
    assert compiled(made) == compiled(catalogue(("At home", "Zu Hause")))


def catalogue(*entries):
    made = Catalog(locale="de")
    for text, translation in entries:
        made.add(text, translation)
    return made


def test_faults_are_found():
    template = catalogue(("At {place}", ""), (("{count} move", "{count} moves"), ("", "")), ("Gone", ""))
    wrong = catalogue(
        ("At {place}", "Bei {ort}"), (("{count} move", "{count} moves"), ("{count} Zug", "")), ("Old", "Alt")
    )
    assert faults(wrong, template) == [
        "other placeholders than 'At {place}': 'Bei {ort}'",
        "not translated: ('{count} move', '{count} moves')",
        "not translated: 'Gone'",
        "no longer used: 'Old'",
    ]
