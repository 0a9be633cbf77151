# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile IPv6 node engine: a library without D-Bus and without Qt."""
