# SPDX-License-Identifier: GPL-2.0-or-later
"""A correspondent with a distribution's kernel and nothing else, and a laptop that may talk to it directly.

Linux has the transformations of Mobile IPv6 and no return routability: that was always a program's business. So its
kernel, which can do route optimisation, offers none: it answers Mobility Headers with an ICMPv6 Parameter Problem (code
1, at the IPv6 header's Next Header), as RFC 6275 section 11.3.5 expects, and drops a Home Address option that no state
lets in without a word (with the module mip6; without it, it answers with a Parameter Problem, code 2).
"""

import pytest

from mnclient.model.status import CorrespondentState
from tests.lab.direct import PRIVACY, correspondent_of
from tests.lab.direct_cases import claiming, to_correspondent
from tests.lab.hostile import COTI, HOTI, Stranger, told
from tests.lab.hostile_cases import NOBODY
from tests.lab.person import reads
from tests.lab.topology import VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

UNRECOGNIZED = "PP 1 pointer 6"


@pytest.fixture(scope="module")
def willing(lab, roaming):
    """The laptop in network A; it may tell correspondents where it is."""
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    roaming.laptop.mnctl("settings", "set", PRIVACY, "false")
    return roaming


@pytest.fixture
def stranger(lab):
    """Somebody in network B's router, who sees what the correspondent answers."""
    with Stranger(lab.nodes["ar-b"], "core0") as made:
        yield made


def counted(roaming, name: str) -> int:
    return roaming.status().engine.counters.get(name, 0)


@pytest.mark.parametrize("kind", [HOTI, COTI], ids=["HoTI", "CoTI"])
def test_what_a_stock_kernel_answers_to_a_test(lab, stranger, kind):
    stranger.send(to_correspondent(kind, bytes(10), None))
    answers: list[bytes] = []

    def answered() -> bool:
        answers.extend(stranger.received())
        return bool(answers)

    lab.eventually(answered, within=5.0, what="the correspondent's kernel says something")
    assert [told(each) for each in answers] == [UNRECOGNIZED]


def test_what_a_stock_kernel_answers_to_a_home_address_option(lab, stranger, willing):
    """Nothing, once the module is there (it is: the laptop's service has loaded it, and the kernel is one)."""
    stranger.send(claiming(NOBODY))
    stranger.send(to_correspondent(HOTI, bytes(10), None))  # behind it, so that silence is not haste
    answers: list[bytes] = []

    def answered() -> bool:
        answers.extend(stranger.received())
        return bool(answers)

    lab.eventually(answered, within=5.0)
    assert [told(each) for each in answers] == [UNRECOGNIZED]


@pytest.mark.requirement("MN-11.3.5-01", "MN-11.3.5-03", "MN-11.6.2-05", "MN-11.3.1-03")
def test_the_laptop_copes(lab, willing):
    """It asks, is told, remembers it, and goes on through the home agent: nothing is lost, and it does not insist."""
    address = willing.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer, Probe(lab, address) as probe:

        def remembered() -> bool:
            found = correspondent_of(willing)
            assert found is not None, "the laptop knows no correspondent"
            assert found.state is CorrespondentState.UNRESPONSIVE, found.state.value
            return found.retry is not None and bool(found.reason)

        lab.eventually(remembered, within=20.0)
        assert counted(willing, "correspondent.parameter-problem") >= 1
        told_others = willing.status().engine.binding_update_list
        assert [each.home_registration for each in told_others] == [True], "an error made an entry"
        asked = counted(willing, "hoti.sent"), counted(willing, "coti.sent")
        transfer.flows()
        probe.recovered_after(0.0, within=10.0, count=100)
        assert (counted(willing, "hoti.sent"), counted(willing, "coti.sent")) == asked, "it insists"
        records = probe.records(0.0)
        unanswered = sorted(set(records.sent) - set(records.returned))
        assert all(number > max(records.returned) for number in unanswered), "probes were lost"
        assert transfer.finish().intact
    assert "0 direct" in reads(willing.laptop, "correspondents") or "direct" not in states(willing)
    call_from_outside(lab, address)


def states(roaming) -> list[str]:
    return [each.state.value for each in roaming.status().engine.correspondents]


@pytest.mark.requirement("MN-11.3.5-01", "MN-11.6.2-05")
def test_it_is_remembered_over_a_move(lab, willing):
    """What does not understand the one care-of address's test will not understand the next one's."""
    address = willing.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer:
        asked = counted(willing, "hoti.sent"), counted(willing, "coti.sent")
        lab.move(VISITED_B)
        willing.registered_at(VISITED_B)
        transfer.flows()
        assert (counted(willing, "hoti.sent"), counted(willing, "coti.sent")) == asked
        assert transfer.finish().intact
    assert states(willing) == ["unresponsive"]
