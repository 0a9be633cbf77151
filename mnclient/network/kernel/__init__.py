# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel datapath: tunnels and route optimisation done by the kernel; no payload packet enters this process."""
