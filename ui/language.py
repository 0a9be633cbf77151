# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the catalogue for the person's language."""

import gettext
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from ui import texts
from ui.service_texts import TEMPLATES

DOMAIN: Final = "mnclient"
FOLDER: Final = Path(__file__).resolve().parent / "locale"
LANGUAGE_VARIABLE: Final = "MNCLIENT_LANGUAGE"
"""Set to a language ("de", "en") it wins over the desktop's."""


def use_language(languages: Sequence[str] | None = None) -> None:
    """Speak the first of these languages that there is; None: what the person's desktop wants."""
    wanted = list(languages) if languages is not None else _wanted()
    catalogue = gettext.translation(DOMAIN, FOLDER, wanted, fallback=True)
    texts.install(catalogue, TEMPLATES if isinstance(catalogue, gettext.GNUTranslations) else ())


def use_language_in_qt(application: QCoreApplication) -> None:
    """Let Qt's own words (dialogs of files, menus of text fields) be in the language of the texts, where Qt has it."""
    for before in application.findChildren(QTranslator):
        application.removeTranslator(before)
        before.deleteLater()
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(QLocale(texts.language()), "qtbase", "_", folder):
        application.installTranslator(translator)


def available_languages() -> tuple[str, ...]:
    """The languages there are texts in."""
    found = {path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    return tuple(sorted(found | {"en"}))


def _wanted() -> list[str]:
    if chosen := os.environ.get(LANGUAGE_VARIABLE):
        return [chosen]
    wanted: list[str] = []
    for tag in QLocale.system().uiLanguages():
        if tag == "C" or tag.startswith("en"):
            break  # English is what the texts are written in: nothing after it is wanted
        wanted += [tag.replace("-", "_"), tag.split("-")[0]]
    return wanted
