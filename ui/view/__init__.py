# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shown, as pure functions from the status to plain values. No Qt: widgets copy these values to the screen."""
