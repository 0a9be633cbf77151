# SPDX-License-Identifier: GPL-2.0-or-later
from pathlib import Path

import pytest

from tests.install_lab.cgroup import hierarchy
from tests.install_lab.failure import Failed

HYBRID = """\
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
"""


def test_the_unified_hierarchy_is_found():
    assert hierarchy(HYBRID) == Path("/sys/fs/cgroup/unified")


@pytest.mark.parametrize("mounts", ["", "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n"])
def test_without_it_there_is_no_systemd(mounts):
    with pytest.raises(Failed, match="cgroup2"):
        hierarchy(mounts)
