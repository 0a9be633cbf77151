# SPDX-License-Identifier: GPL-2.0-or-later
"""What must be true for Mobile IPv6 to work here, judged from facts. Pure: the facts come from `service.facts`."""
