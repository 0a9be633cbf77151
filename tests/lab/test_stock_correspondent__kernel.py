# SPDX-License-Identifier: GPL-2.0-or-later
"""A correspondent with a distribution's kernel and nothing else: what it answers to return routability.

Linux has the transformations of Mobile IPv6 and no return routability: that was always a program's business. So its
kernel, which can do route optimisation, offers none: it answers Mobility Headers with an ICMPv6 Parameter Problem (code
1, at the IPv6 header's Next Header), as RFC 6275 section 11.3.5 expects.
"""

import pytest

from tests.lab.direct_cases import to_correspondent
from tests.lab.hostile import COTI, HOTI, Stranger, told

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

UNRECOGNIZED = "PP 1 pointer 6"


@pytest.fixture
def stranger(lab):
    """Somebody in network B's router, who sees what the correspondent answers."""
    with Stranger(lab.nodes["ar-b"], "core0") as made:
        yield made


@pytest.mark.parametrize("kind", [HOTI, COTI], ids=["HoTI", "CoTI"])
def test_what_a_stock_kernel_answers_to_a_test(lab, stranger, kind):
    stranger.send(to_correspondent(kind, bytes(10), None))
    answers: list[bytes] = []

    def answered() -> bool:
        answers.extend(stranger.received())
        return bool(answers)

    lab.eventually(answered, within=5.0, what="the correspondent's kernel says something")
    assert [told(each) for each in answers] == [UNRECOGNIZED]
