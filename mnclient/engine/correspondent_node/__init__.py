# SPDX-License-Identifier: GPL-2.0-or-later
"""The correspondent-node role (RFC 6275 section 9)."""
