# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.service_status import Datapath, OptimizationState
from tests.service.fake_core import AWAY
from tests.service.fake_node import Machine

PRIVACY = "mobile_node.route_optimization.location_privacy"
USE = "mobile_node.route_optimization.use"
POLICIES = "mobile_node.route_optimization.correspondents"


async def test_why_nobody_is_talked_to_directly(tmp_path):
    async with Machine(tmp_path).running() as core:
        for key, value, reason in [
            (PRIVACY, "true", "location privacy is on"),
            (PRIVACY, "false", ""),
            (USE, "never", "the settings say never"),
            (USE, "only-these", "the settings allow it with nobody"),
            (POLICIES, "[{prefix='2001:db8::/32', allow=false}]", "the settings allow it with nobody"),
            (POLICIES, "[{prefix='2001:db8::/32'}]", ""),
            (PRIVACY, "true", "location privacy is on"),
            ("mobile_node.enabled", "false", "this machine is not a mobile node"),
        ]:
            core.set_setting(key, value)
            assert core.status().route_optimization_off == reason
            state, why = core.status().optimization()
            assert (state, why) == (OptimizationState.OFF if reason else OptimizationState.ON, reason)


@pytest.mark.parametrize("wish", ["", "location privacy is on"])
def test_what_is_impossible_is_so_whatever_anybody_wishes(wish):
    here = Datapath(name="none", reason="kernel lacks xfrm6_mode_ro")
    status = replace(AWAY, route_optimization=here, route_optimization_off=wish)
    assert status.optimization() == (OptimizationState.IMPOSSIBLE, "kernel lacks xfrm6_mode_ro")
