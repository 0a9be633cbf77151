# SPDX-License-Identifier: GPL-2.0-or-later
"""A core that loses every second Mobility Header in each direction, or all of them to somebody.

Were they counted together, each question could come through, and each answer be lost, for ever.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from ipaddress import IPv6Address

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
SILENCE = """\
table ip6 {table} {{
    chain forward {{
        type filter hook forward priority 0;
        ip6 daddr {address} meta l4proto 135{kind} counter drop
    }}
}}
"""


def losing_every_second_message(lab: Lab) -> AbstractContextManager[None]:
    """For the block. Afterwards it is sure that something was lost."""
    return _losing(lab, RULES)


def losing_every_message_to(lab: Lab, address: IPv6Address, kind: int | None = None) -> AbstractContextManager[None]:
    """The same with all of them to one address, or all of one MH Type, whatever comes back from there.

    With several addresses at a time each block ends for itself.
    """
    table, of_kind = f"{TABLE}_{int(address):x}", "" if kind is None else f" @th,16,8 {kind}"
    return _losing(lab, SILENCE.format(table=table, address=address, kind=of_kind), table)


@contextmanager
def _losing(lab: Lab, rules: str, table: str = TABLE) -> Iterator[None]:
    router = lab.nodes["r"]
    script = lab.folder / f"{table}.nft"
    script.write_text(rules, encoding="ascii")
    router.run(["nft", "-f", str(script)])
    try:
        yield
        lost = re.findall(r"packets (\d+)", router.run(["nft", "list", "table", "ip6", table]))
        assert sum(map(int, lost)) > 0, "nothing was lost"
    finally:
        router.run(["nft", "delete", "table", "ip6", table])
