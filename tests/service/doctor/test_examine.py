# SPDX-License-Identifier: GPL-2.0-or-later
"""All checks together, and those about the service, the kernel and what stands around."""

from dataclasses import replace

import pytest

from mnclient.model.keys import KeyKind
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import HomeAgentStatus, HomeLinkStatus
from mnclient.units import Instant
from service.doctor.examine import examine
from service.doctor.facts import ONLY_ROOT, ManagerFacts
from service.doctor.verdict import Verdict, has_failed
from tests.service.doctor.samples import DEAD, HEALTHY, OPEN, WELL, found, with_entry, with_status
from tests.service.fake_core import AWAY, HOME, HOME_AGENT

OK, WARNING, FAILED, NOT_APPLICABLE = Verdict.OK, Verdict.WARNING, Verdict.FAILED, Verdict.NOT_APPLICABLE


def with_keys(kind):
    key = replace(AWAY.keys[0], kind=kind)
    return replace(HEALTHY, service=replace(HEALTHY.service, status=replace(WELL, keys=(key,))))


def with_network(facts=HEALTHY, **changes):
    return replace(facts, network=replace(facts.network, **changes))


def with_settings(facts=HEALTHY, **interfaces):
    settings = {name: {**OPEN, **interfaces.get(name, {})} for name in facts.network.settings}
    return with_network(facts, settings=settings)


def with_kernel(facts=HEALTHY, **changes):
    return replace(facts, kernel=replace(facts.kernel, **changes))


def with_rights(facts=HEALTHY, **changes):
    return replace(facts, rights=replace(facts.rights, **changes))


def test_where_all_is_well_nothing_is_said():
    checks = examine(HEALTHY)
    assert [check for check in checks if check.verdict in (WARNING, FAILED)] == []
    assert not has_failed(checks) and len(checks) > 25


@pytest.mark.parametrize("facts", [HEALTHY, DEAD, with_keys(KeyKind.ESP)])
def test_each_check_has_a_name_of_its_own_and_a_sentence(facts):
    checks = examine(facts)
    assert len({(check.group, check.name) for check in checks}) == len(checks)
    for check in checks:
        assert check.reason and (check.verdict in (OK, NOT_APPLICABLE) or check.remedy), check
        assert check.verdict is not OK or not check.remedy, check


def test_a_dead_service_is_the_first_that_failed_and_the_rest_is_examined_all_the_same():
    checks = examine(DEAD)
    assert next(check for check in checks if check.verdict is FAILED).name == "running"
    assert found(DEAD, "running").reason == "The mnclient service is not running."
    assert found(DEAD, "route").verdict is OK
    assert found(DEAD, "answers").verdict is OK
    assert found(DEAD, "registered").verdict is FAILED
    assert found(DEAD, "verified").reason == "not reached"


def test_who_may_not_ask_is_told_so_instead_of_that_it_is_dead():
    denied = replace(DEAD, service=replace(DEAD.service, is_denied=True, no_bus="Permission was not given"))
    assert found(denied, "running").verdict is NOT_APPLICABLE
    assert found(denied, "what you may do").verdict is FAILED


@pytest.mark.parametrize(
    "name, facts, verdict, words",
    [
        ("version", replace(HEALTHY, service=replace(HEALTHY.service, own_version="9")), WARNING, "mnctl is 9"),
        (
            "settings",
            replace(DEAD, service=replace(DEAD.service, settings_refused="no such key")),
            FAILED,
            "no such key",
        ),
        ("settings", replace(DEAD, service=replace(DEAD.service, mobile_node=None)), NOT_APPLICABLE, "cannot be read"),
        ("IPv6", with_kernel(ipv6="net.ipv6.conf.all.disable_ipv6 is 1"), FAILED, "disable_ipv6 is 1"),
        ("datapath", with_kernel(datapath="portable", datapath_reason="no ip6_tunnel"), OK, "no ip6_tunnel"),
        ("datapath", with_kernel(datapath="portable", tun="/dev/net/tun is not there"), FAILED, "is not there"),
        ("datapath", with_kernel(tun="/dev/net/tun is not there"), OK, "kernel carries"),
        ("datapath", with_kernel(is_known=False), NOT_APPLICABLE, ONLY_ROOT),
        ("nftables", with_kernel(nft="the program nft is not installed"), WARNING, "not installed"),
        ("marks", with_kernel(address_protocol="the kernel is older than 5.18"), WARNING, "5.18"),
        ("ESP", HEALTHY, NOT_APPLICABLE, "No key"),
        ("ESP", with_keys(KeyKind.ESP), OK, "encrypts"),
        ("ESP", with_kernel(with_keys(KeyKind.ESP), esp="kernel lacks ESP"), FAILED, "kernel lacks ESP"),
        ("IPv6 on interfaces", with_settings(eth0={"disable_ipv6": "1"}), WARNING, "eth0"),
        (
            "IPv6 on interfaces",
            with_settings(eth0={"disable_ipv6": "1"}, wlan0={"disable_ipv6": "1"}),
            FAILED,
            "eth0, wlan0",
        ),
        ("IPv6 on interfaces", with_network(settings={}), NOT_APPLICABLE, "no IPv6"),
        ("Router Advertisements", with_settings(wlan0={"accept_ra": "0"}), WARNING, "wlan0"),
        ("Router Advertisements", with_settings(wlan0={"forwarding": "1"}), WARNING, "wlan0"),
        ("Router Advertisements", with_settings(wlan0={"forwarding": "1", "accept_ra": "2"}), OK, ""),
        (
            "Router Advertisements",
            with_network(with_settings(wlan0={"accept_ra": "0"}), has_default_route=True),
            OK,
            "way out",
        ),
        ("what you may do", with_rights(permissions={"org.mnclient.control": "no"}), WARNING, "org.mnclient.control"),
        ("what you may do", DEAD, NOT_APPLICABLE, "Without the service"),
        ("actions of polkit", with_rights(has_polkit_actions=False), WARNING, "nobody but root"),
        ("ESP", DEAD, NOT_APPLICABLE, "not known"),
        ("protocol 50 (ESP)", DEAD, NOT_APPLICABLE, "not known"),
        ("forwarding", DEAD, NOT_APPLICABLE, "not known"),
        ("state directory", with_rights(state_mode=0o777), FAILED, "777"),
        ("state directory", with_rights(state_mode=None), NOT_APPLICABLE, "not there"),
        ("state directory", with_rights(state_mode=None, state_unknown=ONLY_ROOT), NOT_APPLICABLE, ONLY_ROOT),
        ("stored keys", with_rights(keys_mode=0o750), FAILED, "750"),
        ("stored keys", with_rights(keys_mode=None), NOT_APPLICABLE, "no key is stored"),
        ("stored keys", with_rights(keys_mode=None, state_unknown=ONLY_ROOT), NOT_APPLICABLE, ONLY_ROOT),
    ],
)
def test_verdicts(name, facts, verdict, words):
    check = found(facts, name)
    assert (check.verdict, words in check.reason) == (verdict, True), check


@pytest.mark.parametrize(
    "kind, now, synchronized, verdict",
    [
        (KeyKind.RFC4285, 1.79e9, True, OK),
        (KeyKind.RFC4285, 1.79e9, False, WARNING),
        (KeyKind.RFC4285, 1.79e9, None, NOT_APPLICABLE),
        (KeyKind.RFC4285, 0.0, True, FAILED),
        (KeyKind.RFC4285, -1e12, None, FAILED),
        (KeyKind.ESP, 1.79e9, False, OK),
        (KeyKind.ESP, 0.0, False, WARNING),
    ],
)
def test_the_clock_matters_to_signed_registrations(kind, now, synchronized, verdict):
    facts = with_keys(kind)
    facts = replace(facts, clock=replace(facts.clock, now=now, is_synchronized=synchronized))
    assert found(facts, "time").verdict is verdict


def test_without_the_service_it_is_not_known_whether_the_clock_matters():
    facts = replace(DEAD, clock=replace(DEAD.clock, is_synchronized=False))
    assert found(facts, "time").verdict is NOT_APPLICABLE


@pytest.mark.parametrize(
    "states, verdict",
    [
        ({}, OK),
        ({"mn6home": "unmanaged"}, OK),
        ({"mn6home": "connected (externally)"}, OK),
        ({"mn6home": "connecting"}, WARNING),
        ({"mn6home": "unmanaged", "mn6agent": "connected"}, WARNING),
    ],
)
@pytest.mark.parametrize("name", ["NetworkManager", "systemd-networkd"])
def test_other_managers_are_to_leave_our_devices_alone(name, states, verdict):
    facts = replace(HEALTHY, managers=(ManagerFacts(name=name, is_running=True, devices=states),))
    check = found(facts, name)
    assert check.verdict is verdict
    assert ("unmanaged" in check.remedy.lower()) is (verdict is WARNING)


@pytest.mark.parametrize(
    "code, since, verdict",
    [
        (ProblemCode.UNPROTECTED_SIGNALLING, 900.0, WARNING),
        (ProblemCode.NO_IPV6, 900.0, FAILED),
        (ProblemCode.HOME_AGENT_SILENT, 999.0, None),  # too young to be told of
    ],
)
def test_what_the_service_complains_about_is_in_it(code, since, verdict):
    facts = with_status(problems=(Problem(code=code, subject="2001:db8:9::1", since=Instant(since)),))
    verdicts = [check.verdict for check in examine(facts) if check.name == f"problem {code.value}"]
    assert verdicts == ([] if verdict is None else [verdict])


@pytest.mark.parametrize("forwarding, verdict", [("1", OK), ("0", FAILED)])
def test_a_home_agent_must_forward(forwarding, verdict):
    links = (HomeLinkStatus(prefix=HOME, address=HOME_AGENT, interface="eth0", is_up=True, bindings=0),)
    facts = with_status(home_agent=HomeAgentStatus(links=links))
    facts = replace(facts, service=replace(facts.service, home_agent=True))
    facts = with_settings(facts, all={"forwarding": "1"}, eth0={"forwarding": forwarding})
    assert found(facts, "forwarding").verdict is verdict
    assert found(HEALTHY, "forwarding").verdict is NOT_APPLICABLE


def test_a_machine_that_is_no_mobile_node_has_no_home_address_to_lack():
    other = replace(HEALTHY, service=replace(HEALTHY.service, mobile_node=False))
    assert found(other, "home address").verdict is NOT_APPLICABLE
    assert found(replace(HEALTHY, homes=()), "home address").verdict is FAILED
    hidden = replace(DEAD, homes=(), homes_unknown=ONLY_ROOT)
    assert found(hidden, "home address").verdict is NOT_APPLICABLE
    assert not has_failed(examine(with_entry()))
