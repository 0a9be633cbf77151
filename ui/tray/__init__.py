# SPDX-License-Identifier: GPL-2.0-or-later
"""The icon in the desktop's tray, its menu and its notifications, and the one program behind them."""
