# SPDX-License-Identifier: GPL-2.0-or-later
"""The home-agent role (RFC 6275 section 10)."""
