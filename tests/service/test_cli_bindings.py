# SPDX-License-Identifier: GPL-2.0-or-later
import re
from dataclasses import replace

from mnclient.model.service_status import Datapath
from mnclient.model.status import CorrespondentNodeStatus
from service.codec import from_plain
from tests.service.fake_core import CORRESPONDENT, DIRECT, SERVING, UNRESPONSIVE, bindings, with_engine

TOLD = replace(SERVING.engine.binding_update_list[0], destination=CORRESPONDENT, home_registration=False)


async def test_correspondents_with_state_reason_and_expiry(mnctl):
    mnctl.core.value = SERVING
    first, head, direct, silent = (await mnctl("correspondents")).splitlines()
    assert first == "Route optimisation: on, 1 correspondent direct"
    assert head.split()[0] == "CORRESPONDENT"
    row = r"2001:db8:c::80 +2001:db8:1::10 +directly +2001:db8:2::10 +14:35 +- +it knows the care-of address$"
    assert re.match(row, direct)
    row = r"2001:db8:c::81 +2001:db8:1::10 +does not take part +- +- +14:33 +no answer to return routability$"
    assert re.match(row, silent)
    listed = (await mnctl.json("correspondents"))["correspondents"]
    assert from_plain(tuple[type(DIRECT), ...], listed) == (DIRECT, UNRESPONSIVE)


async def test_why_there_are_none(mnctl):
    mnctl.core.value = replace(
        with_engine(),
        route_optimization=Datapath(name="kernel", reason=""),
        route_optimization_off="location privacy is on",
    )
    text = await mnctl("correspondents")
    assert "Route optimisation: off: location privacy is on" in text
    assert "No correspondent has sent anything through the home agent yet." in text


async def test_both_lists_and_the_cache_of_both_roles(mnctl):
    mnctl.core.value = replace(SERVING, engine=replace(SERVING.engine, binding_update_list=(TOLD,)))
    home, own = bindings(1)[0], replace(bindings(2)[1], home_registration=False)
    mnctl.core.cache = (own, home)
    text = await mnctl("bindings")
    assert "2001:db8:c::80 (correspondent)" in text
    assert "does not take part" in text
    assert "Binding cache (what others told this machine): 2 of 2" in text
    assert re.search(r"^2001:db8:1::10 .* home$", text, re.MULTILINE)
    assert re.search(r"^2001:db8:1::11 .* correspondent$", text, re.MULTILINE)


async def test_a_correspondent_node_alone_has_a_cache_too(mnctl):
    assert "Binding cache" not in await mnctl("bindings")
    mnctl.core.value = with_engine(correspondent_node=CorrespondentNodeStatus(bindings=3, max_bindings=9))
    assert "Binding cache (what others told this machine): 3 of 3" in await mnctl("bindings")
    assert (await mnctl.json("bindings"))["binding_cache_total"] == 3
