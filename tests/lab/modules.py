# SPDX-License-Identifier: GPL-2.0-or-later
"""The module of the kernel's tunnels, taken away for a while. Only where the kernel is the test's own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kernel_lab.probe import is_emulated

MODULE = "ip6_tunnel"
OF_THE_MODULE = "ip6tnl0"
"""The kernel's own device: in every namespace from when the module is loaded. Nobody can remove it alone."""

_REFUSAL = Path("/etc/modprobe.d/mnclient-test.conf")

takes_a_module = pytest.mark.skipif(
    not is_emulated(), reason="takes a module from the running kernel: only in the virtual machine"
)


def is_loaded() -> bool:
    """Whether the kernel has the module now."""
    return Path("/sys/module", MODULE).exists()


@contextmanager
def as_before() -> Iterator[None]:
    """After the block the module is loaded if it was before, whatever happened to it."""
    was_loaded = is_loaded()
    try:
        yield
    finally:
        if was_loaded:
            subprocess.run(["modprobe", MODULE], check=True)


@contextmanager
def without_the_module() -> Iterator[None]:
    """For the block: it is not loaded, and cannot be. Afterwards it comes when it is asked for."""
    _REFUSAL.write_text(f"install {MODULE} /bin/false\n", encoding="ascii")
    try:
        if is_loaded():
            subprocess.run(["modprobe", "--remove", MODULE], check=True)
        assert not is_loaded()
        yield
        assert not is_loaded(), "somebody found a way to load it"
    finally:
        _REFUSAL.unlink()
