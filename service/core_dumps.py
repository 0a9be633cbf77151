# SPDX-License-Identifier: GPL-2.0-or-later
"""No memory of this process in a file after a crash: it has keys in it."""

import ctypes
import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_NOT_DUMPABLE: Final = 0


def forbid_core_dumps() -> None:
    """For this process and for good. OSError when the system does not let us.

    The limit alone would not keep the kernel from piping a dump to a program of the system (core(5)). Not being
    dumpable does, and lets nobody of the same user attach a debugger either (prctl(2)).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, _NOT_DUMPABLE, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process cannot be made safe from core dumps")
