# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl doctor --self-test`: a home agent, a router, a correspondent and a laptop in namespaces of this machine."""
