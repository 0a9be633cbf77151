# SPDX-License-Identifier: GPL-2.0-or-later
"""Transformation messages: what `ip xfrm` shows of them is the second opinion. Every kernel with XFRM has policies."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.network_state import BindingUpdateReception, OptimizationEnd, RouteOptimization
from mnclient.network import xfrm
from mnclient.network.kernel import direct
from mnclient.network.kernel.transformations import combined
from mnclient.network.xfrm import Direction, Policy, Selector, State, Template, XfrmSocket

HOME, CARE_OF, CORRESPONDENT = (IPv6Address(f"2001:db8:{each}") for each in ("1::100", "2::5", "4::1"))
STATE = State(source=HOME, destination=CORRESPONDENT, protocol=60, care_of=CARE_OF, reqid=77)
POLICY = Policy(
    selector=Selector(source=IPv6Network("2001:db8:1::/64"), destination=IPv6Network(CORRESPONDENT), protocol=6),
    direction=Direction.OUT,
    priority=4711,
    templates=(Template(source=HOME, destination=CORRESPONDENT, protocol=60, reqid=77, optional=True),),
)


@pytest.mark.parametrize(
    "state", [STATE, replace(STATE, source=xfrm.UNSPECIFIED, wildcard=True), replace(STATE, sender=CORRESPONDENT)]
)
def test_a_state_is_read_as_it_was_written(state):
    assert xfrm.read_state(xfrm.state_addition(state).body) == state


@pytest.mark.parametrize(
    "policy",
    [
        POLICY,
        replace(POLICY, templates=()),
        replace(POLICY, direction=Direction.IN),
        replace(POLICY, selector=replace(POLICY.selector, protocol=58, type=135)),
        replace(
            POLICY, templates=(*POLICY.templates, replace(POLICY.templates[0], protocol=43, source=xfrm.UNSPECIFIED))
        ),
    ],
)
def test_a_policy_is_read_as_it_was_written(policy):
    assert xfrm.read_policy(xfrm.policy_addition(policy).body) == policy


@pytest.mark.parametrize("length", [0, 1, 100, 167, 223])
def test_short_messages_are_nothing(length):
    assert xfrm.read_state(bytes(length)) is None
    assert xfrm.read_policy(bytes(min(length, 167))) is None
    assert xfrm.read_report(bytes(min(length, 59))) is None
    assert xfrm.read_removed_state(bytes(length)) is None
    assert xfrm.read_removed_policy(bytes(length)) is None


def test_another_family_is_nothing_of_ours():
    body = bytearray(xfrm.policy_addition(POLICY).body)
    body[40:42] = (2).to_bytes(2, "little")
    assert xfrm.read_policy(bytes(body)) is None


@pytest.mark.lab
class TestKernel:
    def test_policies_of_two_templates_and_of_one_type_of_icmpv6(self, lab):
        """As they are where both ends are mobile, and for Neighbor Discovery: the kernel says what it was told."""
        host = lab.host()
        items = (
            RouteOptimization(end=OptimizationEnd.MOBILE_NODE, home_address=HOME, correspondent=CORRESPONDENT,
                              care_of_address=CARE_OF),
            RouteOptimization(end=OptimizationEnd.CORRESPONDENT, home_address=CORRESPONDENT, correspondent=HOME,
                              care_of_address=CARE_OF),
        )  # fmt: skip
        wanted = (*combined(items).policies, *combined((BindingUpdateReception(),)).policies)

        def work() -> str:
            netlink = XfrmSocket()
            try:
                for policy in wanted:
                    (answer,) = netlink.request([xfrm.policy_addition(policy)])
                    assert answer.errno == 0, f"{policy}: {answer.reason}"
                    found = netlink.get(xfrm.policy_question(policy))
                    assert found is not None and xfrm.read_policy(found) == policy
                shown = host.run("ip xfrm policy")
                for policy in wanted:
                    assert netlink.request([xfrm.policy_removal(policy)])[0].errno == 0
                return shown
            finally:
                netlink.close()

        shown = host.inside(work)
        assert all(f"proto ipv6-icmp type {kind}" in shown for kind in range(133, 138))
        both = shown[shown.index(f"src {HOME}/128 dst {CORRESPONDENT}/128") :]
        assert both.index("proto hao") < both.index("proto route2"), "the option is nearer to the payload"

    def test_policies(self, lab):
        host = lab.host()

        def work() -> tuple[list[int], str]:
            netlink = XfrmSocket()
            try:
                add, again = xfrm.policy_addition(POLICY), xfrm.policy_addition(replace(POLICY, priority=1))
                answers = netlink.request([add, again])
                shown = host.run("ip xfrm policy")
                found = netlink.get(xfrm.policy_question(POLICY))
                assert found is not None and xfrm.read_policy(found) == POLICY
                replaced = xfrm.policy_addition(replace(POLICY, priority=1), replace=True)
                answers += netlink.request([replaced, xfrm.policy_removal(POLICY), xfrm.policy_removal(POLICY)])
                assert netlink.get(xfrm.policy_question(POLICY)) is None
                return [each.errno for each in answers], shown
            finally:
                netlink.close()

        errors, shown = host.inside(work)
        assert errors == [0, 17, 0, 0, 2], "added, there already, replaced, removed, not there"
        for words in (
            "src 2001:db8:1::/64 dst 2001:db8:4::1/128 proto tcp",
            "dir out priority 4711",
            "tmpl src 2001:db8:1::100 dst 2001:db8:4::1",
            "proto hao reqid 77 mode ro",
            "level use",
        ):
            assert words in shown

    def test_asking_whether_packets_can_go_directly_changes_nothing(self, lab):
        host = lab.host()
        reason = host.inside(direct.why_not)
        assert reason == "" or reason.startswith(("kernel lacks", "the kernel refuses"))
        assert host.run("ip xfrm state") == "" == host.run("ip xfrm policy")

    def test_sweeping_takes_only_what_has_our_marks(self, lab):
        host = lab.host()
        host.run("ip xfrm policy add src 2001:db8:9::1 dst 2001:db8:9::2 dir out priority 7")
        host.run("ip xfrm policy add src 2001:db8:9::3 dst 2001:db8:9::4 dir out priority 6275")
        assert host.inside(direct.sweep) == ["xfrm policy del src 2001:db8:9::3/128 dst 2001:db8:9::4/128 dir out"]
        assert "priority 7" in host.run("ip xfrm policy")
