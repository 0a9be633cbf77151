# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.errors import ConfigError
from mnclient.model.problems import ProblemCode
from service.core import Change, ChangeKind
from tests.service.fake_node import AGENT, EUI64, PREFIX, Machine, heard_changes, turn

DESPERATE = '[autoconfiguration]\ndesperation = true\ndesperation_joins = "any"\n'
HOME = IPv6Address("2001:db8:1::100")
OTHER = IPv6Address("2001:db8:2::100")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


async def test_settings_take_effect_and_last(machine):
    async with machine.running("# my settings\n", crash=True) as core:
        changes = []
        core.subscribe(changes.append)
        core.set_setting("mobile_node.registration_lifetime", "300")
        assert machine.node.config.mobile_node.registration_lifetime == 300.0
        assert Change(kind=ChangeKind.SETTINGS, subject="mobile_node.registration_lifetime") in changes
        core.set_interface_priority("eth0", 5)
        core.set_interface_priority("eth0", 7)
        core.set_setting("mobile_node.interfaces", "[{name='eth0', priority=7, enabled=false}]")
        core.set_interface_priority("eth0", 8)
    assert machine.settings.read_text().startswith("# my settings\n")
    async with machine.running() as core:
        assert core.setting("mobile_node.registration_lifetime") == 300.0
        assert core.settings()["mobile_node.registration_lifetime"] == 300.0
        (policy,) = machine.node.config.mobile_node.interfaces
        assert (policy.name, policy.priority, policy.enabled) == ("eth0", 8, False)


async def test_roles_are_switched_at_run_time(machine):
    async with machine.running() as core:
        core.set_home_agent_link(PREFIX, AGENT, "eth1", True)
        core.set_home_agent_link(IPv6Network("2001:db8:5::/64"), IPv6Address("2001:db8:5::1"), None, False)
        first, second = machine.node.config.home_agent.links
        assert (first.interface, first.advertising.max_interval) == ("eth1", 600.0)
        assert (second.interface, second.advertising) == (None, None)
        core.set_home_agent_link(PREFIX, AGENT + 1, "eth2", False)
        assert [each.interface for each in machine.node.config.home_agent.links] == ["eth2", None]
        core.remove_home_agent_link(PREFIX)
        assert len(machine.node.config.home_agent.links) == 1
        core.set_setting("mobile_node.enabled", "false")
        assert machine.node.config.mobile_node is None
        core.set_setting("home_agent.enabled", "no")
        assert machine.node.config.home_agent is None


def codes(core):
    return [problem.code for problem in core.status().engine.problems]


async def test_a_bad_file_at_start_does_not_keep_it_from_starting(machine):
    async with machine.running("mobile_node.enabled = 7\n") as core:
        assert codes(core) == [ProblemCode.SETTINGS_REJECTED]
        (problem,) = core.status().engine.problems
        assert f"{machine.settings}: mobile_node.enabled: 7 is not true or false" in problem.text()
        assert machine.node.config.mobile_node is not None
        core.set_setting("mobile_node.enabled", "false")
        assert codes(core) == []
        assert machine.node.config.mobile_node is None


async def test_the_last_good_settings_are_kept_when_a_reload_fails_and_over_a_restart(machine):
    good = "mobile_node.registration_lifetime = 300\n[[known_home_agents]]\naddress = '2001:db8:1::1'\n"
    async with machine.running(good) as core:
        changes = heard_changes(core)
        machine.settings.write_text("mobile_node = [")
        with pytest.raises(ConfigError):
            core.reload()
        assert machine.node.config.mobile_node.registration_lifetime == 300.0
        assert codes(core) == [ProblemCode.SETTINGS_REJECTED]
        assert changes == [ChangeKind.PROBLEM]
    async with machine.running() as core:
        assert machine.node.config.mobile_node.registration_lifetime == 300.0
        assert len(core.status().known_home_agents) == 1
        machine.settings.write_text("")
        core.reload()
        assert codes(core) == []
        assert machine.node.config.mobile_node.registration_lifetime == 600.0


async def test_a_damaged_state_file_is_a_problem_and_no_more(machine):
    machine.state.mkdir()
    (machine.state / "state.json").write_text("{")
    async with machine.running() as core:
        assert codes(core) == [ProblemCode.STATE_FILE_SET_ASIDE]
        assert (machine.state / "state.json.damaged-1").exists()


async def test_a_state_directory_that_refuses_is_no_more_than_a_log_line(machine, caplog):
    machine.state.write_text("a file is in the way")
    async with machine.running(DESPERATE) as core:
        machine.node.hear()
        await turn()
        assert machine.node.home_addresses == [str(EUI64)]
        core.set_setting("autoconfiguration.responsiveness", "7")
        assert core.setting("autoconfiguration.responsiveness") == 7
    assert "cannot be written" in caplog.text
