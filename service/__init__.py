# SPDX-License-Identifier: GPL-2.0-or-later
"""The privileged service, its D-Bus face and its client library."""
