# SPDX-License-Identifier: GPL-2.0-or-later
"""The version of what is installed."""

from functools import cache


@cache
def version() -> str:
    """As in pyproject.toml; "unknown" when it runs from an unpacked archive."""
    from importlib import metadata  # 20 ms, and not needed to start

    try:
        return metadata.version("mnclient")
    except metadata.PackageNotFoundError:
        return "unknown"
