# SPDX-License-Identifier: GPL-2.0-or-later
"""The status window: one module for each page."""
