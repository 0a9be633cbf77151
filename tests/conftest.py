# SPDX-License-Identifier: GPL-2.0-or-later
"""The `requirement` marker: which rows of docs/conformance a test shows; `make conformance` gathers them.

    @pytest.mark.requirement("MN-11.7.1-04", "RFC4861-MN-4.1-01")
    def test_...

An identifier of no row is refused at collection, so that a slip of the pen does not look like coverage.
"""

import pytest
from hypothesis import settings

from tests.conformance.outcomes import Recorder
from tests.kernel_lab.inside import Inside, is_inside, stretch_timeouts
from tests.kernel_lab.plugin import in_virtual_machine

# The same examples each time: a run that fails must fail again, and a busy machine is no reason to fail.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    words = "leave out tests of requirements that have passed before with these sources"
    parser.addoption("--missing-only", action="store_true", help=words)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(id, ...): the rows of docs/conformance that the test shows")
    config.pluginmanager.register(Inside(config) if is_inside() else in_virtual_machine(), "kernel-lab")
    if not is_inside():  # what runs inside is reported, and kept, outside
        missing_only = bool(config.getoption("--missing-only"))
        config.pluginmanager.register(Recorder(config, missing_only=missing_only), "conformance")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    stretch_timeouts(config, items)
