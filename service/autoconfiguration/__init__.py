# SPDX-License-Identifier: GPL-2.0-or-later
"""Automatic home addresses: known home agents, ranking, policy. Pure."""
