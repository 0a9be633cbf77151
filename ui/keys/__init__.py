# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys: entered, generated, replaced and deleted here, and never shown."""
