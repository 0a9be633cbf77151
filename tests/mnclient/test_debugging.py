# SPDX-License-Identifier: GPL-2.0-or-later
import logging

import pytest

from mnclient.debugging import Category, switch


@pytest.fixture(autouse=True)
def as_before():
    yield
    switch(dict.fromkeys(Category, False))


def test_one_category_at_a_time(caplog):
    caplog.set_level(logging.INFO)
    caplog.handler.setLevel(logging.DEBUG)
    switch({**dict.fromkeys(Category, False), Category.BUS: True})
    for each in Category:
        each.logger.debug("of %s", each.value)
    assert caplog.messages == ["of bus"]
    switch(dict.fromkeys(Category, False))
    Category.BUS.logger.debug("too late")
    assert caplog.messages == ["of bus"]


def test_a_level_for_everything_still_holds(caplog):
    caplog.set_level(logging.DEBUG)
    switch(dict.fromkeys(Category, False))
    Category.NETWORK.logger.debug("wanted anyway")
    assert caplog.messages == ["wanted anyway"]
