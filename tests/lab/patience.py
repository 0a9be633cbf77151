# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a test waits. Under emulation (tests/kernel_lab) everything takes 10 to 20 times as long, and so do limits.

Only limits are stretched, never a time that is asserted: a test that passes waits no longer than before.
"""

from tests.kernel_lab.probe import is_emulated

EMULATION_FACTOR = 10.0


def patient(seconds: float) -> float:
    """The limit for something that takes so long on a machine of metal."""
    return seconds * EMULATION_FACTOR if is_emulated() else seconds
