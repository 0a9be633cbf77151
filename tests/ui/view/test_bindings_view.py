# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address

from mnclient.model.service_status import Datapath
from mnclient.model.status import BindingCacheStatus, CorrespondentNodeStatus, HomeAgentStatus
from mnclient.units import Instant, Seconds
from tests.ui import samples
from ui.view import bindings_view
from ui.view.moment import moment_of

MOMENT = moment_of(samples.AWAY)
CACHED = BindingCacheStatus(
    home_address=samples.ADDRESS,
    care_of_address=samples.CARE_OF,
    sequence=7,
    lifetime=Seconds(600.0),
    expires=Instant(samples.NOW + 90),
    home_registration=True,
    detecting=True,
)


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_correspondents_and_why():
    table = bindings_view.correspondents(samples.AWAY, MOMENT)
    assert [row[1:4] for row in texts(table)] == [
        ["directly", "", "5 min left"],
        ["through the home agent", "its turn has not come yet", ""],
        ["through the home agent", "it does not answer", "asked again: 1 min left"],
    ]
    assert all(len(row) == len(table.headings) for row in table.rows)


def test_addresses_are_sorted_as_numbers():
    table = bindings_view.told(samples.CROWDED, MOMENT)
    assert len(table.rows) == 500
    keys = sorted(row[0].key for row in table.rows[1:])
    assert keys[0] == int(IPv6Address("2001:db8:c::1000"))
    assert texts(table)[0][:3] == [str(samples.HOME_AGENT), "home agent", "yes"]


def test_the_binding_cache():
    (row,) = texts(bindings_view.cache([CACHED], MOMENT))
    assert row == [str(samples.ADDRESS), str(samples.CARE_OF), "home agent, checking the address", "2 min left", "7"]
    assert texts(bindings_view.cache([replace(CACHED, expires=Instant(0.0))], MOMENT))[0][3] == "ended"
    assert not bindings_view.has_cache(samples.AWAY)
    both = samples.with_engine(
        home_agent=HomeAgentStatus(bindings=3), correspondent_node=CorrespondentNodeStatus(bindings=2)
    )
    assert bindings_view.has_cache(both) and bindings_view.cache_size(both) == 5


def test_whether_packets_go_directly():
    def first(status):
        return bindings_view.optimization(status)[0]

    assert first(samples.AWAY) == "1 correspondent is reached directly"
    assert first(samples.AT_HOME) == "Packets go directly where the other side can do it"
    assert first(replace(samples.AWAY, route_optimization_off="location privacy is on")).endswith("privacy is on")
    impossible = replace(samples.AWAY, route_optimization=Datapath(name="none", reason="no kernel support"))
    assert first(impossible) == "This computer cannot send packets directly: no kernel support"
