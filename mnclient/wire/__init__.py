# SPDX-License-Identifier: GPL-2.0-or-later
"""Wire formats: bytes to values and back. Pure."""
