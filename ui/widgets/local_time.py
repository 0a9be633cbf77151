# SPDX-License-Identifier: GPL-2.0-or-later
"""Times of day as this person writes them."""

from PySide6.QtCore import QDateTime, QLocale

from ui.texts import tr


def when(time: float) -> str:
    """A time since 1970 as the clock shows it; with the day, if it is not today."""
    moment = _moment(time)
    clock = QLocale().toString(moment.time(), "HH:mm:ss")
    today = QDateTime.currentDateTime().date()
    if moment.date() == today:
        return clock
    if moment.date() == today.addDays(-1):
        return tr("yesterday {time}", time=clock)
    return f"{QLocale().toString(moment.date(), QLocale.FormatType.ShortFormat)} {clock}"


def precise(time: float) -> str:
    """With milliseconds, for a log."""
    return QLocale().toString(_moment(time).time(), "HH:mm:ss.zzz")


def full(time: float) -> str:
    """Day and time with milliseconds."""
    return f"{QLocale().toString(_moment(time).date(), QLocale.FormatType.ShortFormat)} {precise(time)}"


def _moment(time: float) -> QDateTime:
    bounded = min(max(time, 0.0), 253_402_300_799.0)  # the year 9999; a damaged time must not be an error
    return QDateTime.fromMSecsSinceEpoch(round(bounded * 1000))
