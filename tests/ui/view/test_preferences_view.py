# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.model.service_status import Origin
from mnclient.model.settings_description import SettingDescription
from tests.ui import samples
from ui.view import preferences_view as view
from ui.view.undo import Request


@pytest.mark.parametrize(
    "position, name",
    [
        (0, "Conservative"),
        (12, "Conservative"),
        (25, "Careful"),
        (50, "Balanced"),
        (75, "Quick"),
        (100, "Aggressive"),
        (999, "Aggressive"),
    ],
)
def test_every_position_of_the_slider_has_words(position, name):
    title, meaning = view.responsiveness_words(position)
    assert title == name and meaning.startswith("Takes")


def test_a_home_address_without_an_agent_says_what_that_means():
    managed = replace(samples.TWO_ADDRESSES.home_addresses[1], home_agent=None, origin=Origin.ADMINISTRATOR)
    row = view.address_rows(replace(samples.AWAY, home_addresses=(managed,)))[0]
    assert row.detail == "Set by the administrator, without a home agent: it works at home only"


def test_undoing_a_removal_brings_the_preference_back():
    preferred, other = samples.TWO_ADDRESSES.home_addresses
    add = Request("add_home_address", (preferred.address, preferred.home_agent, 64))
    assert view.removal_undone(preferred) == (add, Request("prefer_home_address", (preferred.address,)))
    assert len(view.removal_undone(other)) == 1


def test_home_agents_of_equal_rank_keep_their_order():
    agents = tuple(
        replace(samples.AGENT, address=IPv6Address(f"2001:db8:1::{n}"), rank=0.5 + n / 10_000) for n in (3, 1, 2)
    )
    rows = view.agent_rows(replace(samples.AWAY, known_home_agents=agents))
    assert [str(each.address) for each in rows] == ["2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::3"]


def test_a_clock_that_jumps_is_not_spoken_of_as_the_future():
    agent = replace(samples.AGENT, last_heard_time=samples.BOOT_TIME + samples.NOW + 99_999)
    assert "clock was changed" in view.agent_rows(replace(samples.AWAY, known_home_agents=(agent,)))[0].detail


@pytest.mark.parametrize(
    "rule, words",
    [
        ({}, "All traffic"),
        ({"destination": "2001:db8::/32"}, "Everything to 2001:db8::/32"),
        ({"protocol": "tcp"}, "All TCP traffic"),
        ({"protocol": "udp", "ports": 53}, "UDP port 53, to anywhere"),
        ({"protocol": "udp", "destination": "::/0"}, "UDP to ::/0"),
        ({"protocol": "tcp", "ports": "1-9", "destination": "::/0"}, "TCP port 1-9 at ::/0"),
    ],
)
def test_traffic_rules_are_sentences(rule, words):
    assert view.traffic_rule_words(rule) == words


def test_exceptions_are_sentences():
    assert view.exception_sentence({"prefix": "::/0", "allow": False}) == "Through the home agent to ::/0"
    assert view.exception_sentence({"prefix": "::/0"}) == "Directly to ::/0"
    assert view.exception_sentence({}) == "Directly to ?"  # of another version


def test_rows_are_changed_in_copies():
    rows = [{"name": "eth0", "priority": 5, "enabled": True}]
    assert view.rows_for_interface(rows, "eth0", False) == [{"name": "eth0", "priority": 5, "enabled": False}]
    assert view.rows_for_interface(rows, "wlan0", False)[1] == {"name": "wlan0", "enabled": False}
    assert view.rows_with(rows, None, {"name": "x"}) == [*rows, {"name": "x"}]
    assert view.rows_without(rows, 0) == [] and rows[0]["enabled"] is True


def test_defaults_are_filled_in_as_the_service_does():
    field = SettingDescription(key="priority", kind="integer", description="", default=100)
    name = SettingDescription(key="name", kind="text", description="", required=True)
    declared = SettingDescription(key="a", kind="tables", description="", fields=(name, field))
    assert view.with_defaults([{"name": "x"}], declared) == [{"name": "x", "priority": 100}]
    assert view.with_defaults(5, declared) == 5 and view.with_defaults([{}], None) == [{}]


@pytest.mark.parametrize("status", [*samples.STATES.values(), samples.CROWDED, samples.FIRST_RUN])
def test_every_status_has_rows(status):
    assert len(view.address_rows(status)) == len(status.home_addresses)
    assert len(view.agent_rows(status)) == len(status.known_home_agents)
    assert len(view.interface_rows(status)) == len(status.engine.interfaces)
