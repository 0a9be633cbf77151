# SPDX-License-Identifier: GPL-2.0-or-later
"""The binding cache on the bus: looked through, and cleared."""

import logging
from dataclasses import replace
from ipaddress import IPv6Network

import pytest

from mnclient.debugging import Category, switch
from mnclient.model.binding_filter import BindingFilter
from service import contract
from tests.service.fake_core import SERVING, FakeCore, bindings
from tests.service.interfaces.on_a_bus import call, service


def three() -> FakeCore:
    core = FakeCore(SERVING)
    first, second, third = bindings(3)
    core.cache = (replace(first, interface="lan0"), second, replace(third, interface="lan0", home_registration=False))
    return core


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", [0, 1, 2]),
        ("interface=lan0", [0, 2]),
        ("interface=", [1]),
        ("home=2001:db8:1::11", [1]),
        ("care-of=2001:db8:2::/64 interface=lan0", [0, 2]),
        ("home=2001:db8:2::/64", []),
        ("2001:db8:2::12", [2]),
    ],
)
async def test_it_is_looked_through(text, expected):
    async with service(three()) as (_, caller, _face):
        entries, total = (await call(caller, "GetBindingCache", 0, 10, text)).body
        assert [each["sequence"].value for each in entries] == expected
        assert total == len(expected)


async def test_it_is_cleared():
    async with service(three()) as (core, caller, _face):
        assert (await call(caller, "ClearBindings", "interface=lan0")).body == [2]
        assert core.calls == [("clear_bindings", BindingFilter(interface="lan0"))]
        assert (await call(caller, "ClearBindings", "2001:db8:7::/64")).body == [0]
        assert (await call(caller, "ClearBindings", "::/0")).body == [1]
        assert core.calls[-1] == ("clear_bindings", BindingFilter(addresses=IPv6Network("::/0")))
        assert core.cache == ()


@pytest.mark.parametrize("text", ["", "  ", "all", "home=", "interface=a interface=b", "2001:db8::/129", "9" * 50_000])
async def test_what_says_nothing_clears_nothing(text):
    async with service(three()) as (core, caller, _face):
        reply = await call(caller, "ClearBindings", text)
        assert reply.error_name == contract.ERROR_PREFIX + "InvalidArgument"
        assert core.calls == []


def test_who_may_clear_it():
    assert contract.METHODS[contract.MANAGER]["ClearBindings"].action is contract.Action.ADMINISTER


async def test_calls_are_logged_without_arguments(caplog):
    caplog.set_level(logging.INFO)
    caplog.handler.setLevel(logging.DEBUG)
    try:
        switch({each: each is Category.BUS for each in Category})
        async with service(three()) as (_, caller, _face):
            await call(caller, "ClearBindings", "2001:db8:7::/64")
            await call(caller, "ClearBindings", "nonsense")
    finally:
        switch(dict.fromkeys(Category, False))
    lines = [line for line in caplog.messages if "ClearBindings" in line]
    assert len(lines) == 2
    assert all(
        line.startswith(":") and "calls org.mnclient.MobileNode1.Manager.ClearBindings" in line for line in lines
    )
    assert "2001:db8:7" not in caplog.text
