# SPDX-License-Identifier: GPL-2.0-or-later
"""The event loop, the clock, the entropy and the journal around the engine."""
