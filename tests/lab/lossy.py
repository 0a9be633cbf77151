# SPDX-License-Identifier: GPL-2.0-or-later
"""A core that loses every second Mobility Header in each direction.

Were they counted together, each question could come through, and each answer be lost, for ever.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.lab import Lab
from tests.lab.topology import SITES, VISITED_A, VISITED_B

TABLE = "lossy"
RULES = f"""\
table ip6 {TABLE} {{
    chain forward {{
        type filter hook forward priority 0;
        meta l4proto 135 ip6 saddr {SITES[VISITED_A]} numgen inc mod 2 == 0 counter drop
        meta l4proto 135 ip6 saddr {SITES[VISITED_B]} numgen inc mod 2 == 0 counter drop
        meta l4proto 135 ip6 daddr {{ {SITES[VISITED_A]}, {SITES[VISITED_B]} }} numgen inc mod 2 == 0 counter drop
    }}
}}
"""


@contextmanager
def losing_every_second_message(lab: Lab) -> Iterator[None]:
    """For the block. Afterwards it is sure that something was lost."""
    router = lab.nodes["r"]
    script = lab.folder / f"{TABLE}.nft"
    script.write_text(RULES, encoding="ascii")
    router.run(["nft", "-f", str(script)])
    try:
        yield
        lost = re.findall(r"packets (\d+)", router.run(["nft", "list", "table", "ip6", TABLE]))
        assert sum(map(int, lost)) > 0, "nothing was lost"
    finally:
        router.run(["nft", "delete", "table", "ip6", TABLE])
