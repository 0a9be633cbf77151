# SPDX-License-Identifier: GPL-2.0-or-later
"""The language of the tray, and what the service says in its own words."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication

from ui import service_texts, texts
from ui.language import use_language, use_language_in_qt
from ui.texts import tr

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def german():
    use_language(["de"])


def test_a_text_is_translated(german):
    assert tr("At home, reachable at {address}", address="2001:db8::1") == "Zu Hause, erreichbar unter 2001:db8::1"
    assert texts.language() == "de"


def test_what_the_service_filled_in_is_translated(german):
    assert tr("heard 13 times on this network") == "13-mal in diesem Netz gehört"
    assert tr("2001:db8::1 is outside the home prefix 2001:db8:1::/64") == (
        "2001:db8::1 liegt nicht im Heimpräfix 2001:db8:1::/64"
    )


def test_what_nobody_knows_stays_as_it_came(german):
    assert tr("it rains {today}") == "it rains {today}"


def test_in_english_nothing_is_looked_for():
    use_language(["en"])
    assert texts._filled_in == []
    assert tr("heard 13 times on this network") == "heard 13 times on this network"


def test_an_unknown_language_is_english():
    use_language(["tlh"])
    assert tr("Keys") == "Keys"
    assert texts.language() == "en"


def test_qt_speaks_the_same_language(german, qapp):
    use_language_in_qt(qapp)
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    texts.install(gettext.NullTranslations())
    use_language_in_qt(qapp)
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"


def _shape(node):
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)


def _said():
    for folder in ("mnclient", "service"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.JoinedStr | ast.Constant):
                    yield _shape(node)


def test_the_service_still_says_every_one_of_them():
    said = set(_said())
    gone = [each for each in service_texts.TEMPLATES if re.sub(r"\{\w+\}", "{}", each) not in said]
    assert gone == []
