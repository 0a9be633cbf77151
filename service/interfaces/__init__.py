# SPDX-License-Identifier: GPL-2.0-or-later
"""Thin D-Bus skins over objects that know no D-Bus."""
