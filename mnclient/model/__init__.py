# SPDX-License-Identifier: GPL-2.0-or-later
"""Immutable values that every other part speaks in."""
