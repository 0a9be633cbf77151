# SPDX-License-Identifier: GPL-2.0-or-later
"""Colours and icons, in light, dark and high contrast.

    theme = current()
    label.setPixmap(theme.icon("home", "good").pixmap(24, 24))
    theme.changed.connect(self.repaint_everything)

Colours are asked for by what they mean. Whatever has a colour that says something also says it in a shape or a word.
"""

from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from ui.edges import Edges
from ui.style import Style

FOLDER: Final = Path(__file__).resolve().parent / "icons"
SIZES: Final = (16, 20, 22, 24, 32, 40, 48, 64, 96, 128)
"""Pixels at which an icon is drawn, so that it is sharp at 100 % and at 200 %."""

THEMES: Final = ("desktop", "light", "dark", "contrast")
"""What a person may wish: as the desktop is, always light, always dark, or with the highest contrast."""


class Look(Enum):
    """A set of colours."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST_LIGHT = "contrast-light"
    CONTRAST_DARK = "contrast-dark"

    @property
    def is_dark(self) -> bool:
        """Whether text is light on a dark ground."""
        return self in (Look.DARK, Look.CONTRAST_DARK)

    @property
    def is_contrast(self) -> bool:
        """Whether differences are as great as they can be."""
        return self in (Look.CONTRAST_LIGHT, Look.CONTRAST_DARK)


# Every text colour has a contrast of at least 4.5 on surface and on card (tests/ui/test_theme.py).
_COLUMNS: Final = (Look.LIGHT, Look.DARK, Look.CONTRAST_LIGHT, Look.CONTRAST_DARK)
_COLOURS: Final = {
    "text": ("#1b1f24", "#e8ebef", "#000000", "#ffffff"),
    "quiet": ("#5a6570", "#a3adb8", "#1f1f1f", "#e8e8e8"),
    "surface": ("#f3f5f7", "#1c1f23", "#ffffff", "#000000"),
    "card": ("#ffffff", "#272b31", "#ffffff", "#000000"),
    "line": ("#d7dce1", "#3b424b", "#000000", "#ffffff"),
    "accent": ("#1667a8", "#62b0f5", "#003f8a", "#7fd0ff"),
    "on_accent": ("#ffffff", "#0d1620", "#ffffff", "#000000"),
    "good": ("#2a7430", "#6cc272", "#00520a", "#7dff85"),
    "busy": ("#1667a8", "#62b0f5", "#003f8a", "#7fd0ff"),
    "warning": ("#8f5400", "#ffbd59", "#6b3d00", "#ffd37a"),
    "bad": ("#c0261f", "#ff8a80", "#a00000", "#ffa39c"),
}
ROLES: Final = tuple(_COLOURS)


class Theme(QObject):
    """Signals:
    changed(): colours are others now; icons must be asked for again.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = Look.LIGHT
        self._wish = "desktop"
        self._application: QApplication | None = None
        self._has_edges: bool | None = None
        self._icons: dict[tuple[str, str], QIcon] = {}

    @property
    def look(self) -> Look:
        """The colours in use."""
        return self._look

    @property
    def is_dark(self) -> bool:
        """Whether text is light on a dark ground."""
        return self._look.is_dark

    def colour(self, role: str) -> QColor:
        """The colour with this meaning; `ROLES` lists them."""
        return colour(role, self._look)

    def icon(self, name: str, role: str = "text") -> QIcon:
        """ui/icons/NAME.svg in the colour of this role; greyed where it is disabled, bright where it is selected."""
        if (name, role) not in self._icons:
            icon = QIcon()
            modes = {QIcon.Mode.Normal: role, QIcon.Mode.Disabled: "quiet", QIcon.Mode.Selected: "on_accent"}
            for mode, each in modes.items():
                for size in SIZES:
                    icon.addPixmap(pixmap(name, self.colour(each), size), mode)
            self._icons[name, role] = icon
        return self._icons[name, role]

    def apply(self, application: QApplication, wish: str = "desktop") -> None:
        """Give the whole program these colours; with "desktop" they follow the desktop's from now on."""
        self._wish = wish if wish in THEMES else "desktop"
        if self._application is None:
            self._application = application
            application.styleHints().colorSchemeChanged.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        look = _look_for(self._wish)
        if self._application is not None:
            if self._has_edges is not look.is_contrast:
                self._has_edges = look.is_contrast
                self._application.setStyle(Edges() if look.is_contrast else Style())
            self._application.setPalette(_palette(look))
        if look != self._look or not self._icons:
            self._look = look
            self._icons.clear()
            self.changed.emit()


@cache
def current() -> Theme:
    """The theme of this program."""
    return Theme()


def colour(role: str, look: Look) -> QColor:
    """The colour with this meaning in a look."""
    return QColor(_COLOURS[role][_COLUMNS.index(look)])


def source(name: str, ink: QColor, under: QColor | None = None) -> bytes:
    """The picture as SVG: lines and areas in `ink`; what shines through (`#fff` in the file) in `under`."""
    text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    text = text.replace("#fff", under.name() if under else "none")  # before the ink, which may be white
    return text.replace("currentColor", ink.name()).encode()


def pixmap(name: str, ink: QColor, size: int) -> QPixmap:
    """The picture in one colour, `size` pixels wide and high; what shines through has the colour of words on it."""
    return draw(source(name, ink, current().colour("on_accent")), size)


def draw(svg: bytes, size: int) -> QPixmap:
    """An SVG picture, `size` pixels wide and high."""
    picture = QPixmap(QSize(size, size))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture


def desktop_is_dark() -> bool:
    """Whether the desktop's own windows are dark, whatever ours are."""
    return QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark


def _look_for(wish: str) -> Look:
    hints = QGuiApplication.styleHints()
    dark = desktop_is_dark()
    contrast = hints.accessibility().contrastPreference() is Qt.ContrastPreference.HighContrast
    if wish in ("light", "dark"):
        dark = wish == "dark"
    if wish == "contrast" or contrast:
        return Look.CONTRAST_DARK if dark else Look.CONTRAST_LIGHT
    return Look.DARK if dark else Look.LIGHT


def _palette(look: Look) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    meanings = {
        "surface": (role.Window, role.AlternateBase),
        "card": (role.Base, role.Button, role.ToolTipBase),
        "text": (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText),
        "accent": (role.Highlight, role.Link, role.Accent, role.LinkVisited),
        "on_accent": (role.HighlightedText,),
        "line": (role.Mid, role.Midlight),
        "quiet": (role.PlaceholderText, role.Dark),
    }
    for meaning, roles in meanings.items():
        for each in roles:
            palette.setColor(each, colour(meaning, look))
    palette.setColor(role.Light, colour("card", look).lighter(110))
    palette.setColor(role.Shadow, QColor("#000000"))
    for each in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, colour("quiet", look))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, colour("line", look))
    return palette


def application_icon() -> QIcon:
    """The program's own picture, for its windows."""
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(draw((FOLDER / "mnclient.svg").read_bytes(), size))
    return icon
