# SPDX-License-Identifier: GPL-2.0-or-later
"""The wizard that gets a home address. Where it goes, and what it sends, is decided in `ui.view.wizard_*`."""
