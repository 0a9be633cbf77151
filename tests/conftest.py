# SPDX-License-Identifier: GPL-2.0-or-later
"""The `requirement` marker: which rows of the conformance matrices a test proves.

    @pytest.mark.requirement("MN-11.7.1-04", "RFC4861-MN-4.1-01")
    def test_...

An identifier of another form is refused at collection, so that a slip of the pen does not look like coverage.
"""

import re

import pytest
from hypothesis import settings

from tests.kernel_lab.inside import Inside, is_inside, stretch_timeouts
from tests.kernel_lab.plugin import in_virtual_machine

# The same examples each time: a run that fails must fail again, and a busy machine is no reason to fail.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

REQUIREMENT_ID = re.compile(r"(RFC\d+-)?(ALL|MN|CN|HA)-[\dA-Z.]+-\d\d")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(id, ...): the conformance requirements that the test proves")
    config.pluginmanager.register(Inside(config) if is_inside() else in_virtual_machine(), "kernel-lab")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    stretch_timeouts(config, items)


def pytest_itemcollected(item: pytest.Item) -> None:
    for marker in item.iter_markers("requirement"):
        wrong = [each for each in marker.args if not REQUIREMENT_ID.fullmatch(str(each))]
        if wrong or not marker.args or marker.kwargs:
            raise pytest.UsageError(f"{item.nodeid}: not identifiers of requirements: {wrong or marker}")
