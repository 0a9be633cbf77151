# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from tests.install_lab.root import NoRoot, sources

TARGETS = """\
Debian|deb http://mirror.invalid/debian/ bookworm main|bookworm
Debian|deb http://mirror.invalid/debian/ bookworm-updates main|bookworm-updates
Debian|deb http://mirror.invalid/security/ bookworm-security main|bookworm-security
Somebody|deb http://else.invalid/ nodistro main|nodistro
Debian|deb http://mirror.invalid/debian/ bookworm main|bookworm
"""


def test_only_the_distribution_s_own_sources_are_taken():
    lines, suite = sources(TARGETS, "debian")
    assert suite == "bookworm"
    assert lines == [
        "deb http://mirror.invalid/debian/ bookworm main",
        "deb http://mirror.invalid/debian/ bookworm-updates main",
        "deb http://mirror.invalid/security/ bookworm-security main",
    ]


@pytest.mark.parametrize("targets", ["", "nonsense\n", "Somebody|deb http://else.invalid/ x main|x", "||"])
def test_without_a_source_there_is_no_system(targets):
    with pytest.raises(NoRoot, match="debian"):
        sources(targets, "debian")
