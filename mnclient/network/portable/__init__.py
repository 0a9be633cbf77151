# SPDX-License-Identifier: GPL-2.0-or-later
"""The portable datapath: a TUN device and raw sockets."""
