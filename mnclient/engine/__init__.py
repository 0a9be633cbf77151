# SPDX-License-Identifier: GPL-2.0-or-later
"""State machines: events in, actions out. Pure."""
