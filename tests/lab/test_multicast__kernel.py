# SPDX-License-Identifier: GPL-2.0-or-later
"""The same on the kernel datapath, which has no part in copying packets but must let them in."""

import pytest

from tests.lab.test_multicast import (  # noqa: F401
    away,
    house,
    neighbour,
    test_a_group_joined_through_the_home_agent,
    test_it_goes_on_after_a_move,
    test_what_is_sent_through_the_tunnel_comes_from_the_home_address,
)

pytestmark = [pytest.mark.lab, pytest.mark.kernel]
