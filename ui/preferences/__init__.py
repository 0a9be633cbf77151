# SPDX-License-Identifier: GPL-2.0-or-later
"""The preferences: settings of the service, and this person's own wishes."""
