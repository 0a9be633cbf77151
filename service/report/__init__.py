# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl report`: what one needs to see to help somebody, without keys, and without addresses where that is wished."""
