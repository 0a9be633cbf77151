# SPDX-License-Identifier: GPL-2.0-or-later
"""The edge to the Linux network: plan, netlink, sockets, monitor."""
