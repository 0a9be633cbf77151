# SPDX-License-Identifier: GPL-2.0-or-later
"""Two interfaces: what is lost when a better network appears, and how long the silence is when the one in use dies.

eth0 is preferred, and in network A; eth1 is in network B all the time. eth0 is unplugged, and plugged in again.
"""

from tests.benchmarks.context import Context
from tests.benchmarks.report import Figure, spread
from tests.kernel_lab.probe import is_emulated
from tests.lab.cable import boot_time
from tests.lab.interruption import OneWay
from tests.lab.roaming import WATCH, Roaming
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Streams

TITLE = "Two interfaces, eth0 preferred"
DIRECTIONS = {"to_laptop": "correspondent to laptop", "to_correspondent": "laptop to correspondent"}
ROUNDS, QUICK_ROUNDS = 20, 3
RATE, EMULATED_RATE = 1000.0, 100.0
LONGEST = 60.0  # seconds: hysteresis may keep the laptop from a better network for a while
PREFERENCE = '[{name = "eth0", priority = 10}, {name = "eth1", priority = 20}]'


def measure(context: Context) -> list[Figure]:
    """20 times there and back. The laptop has its one cable again afterwards."""
    roaming = context.roaming()
    lab = context.lab
    if "eth1" not in lab.cables:
        lab.add_second_interface()
    roaming.laptop.mnctl("settings", "set", "mobile_node.interfaces", PREFERENCE)
    lab.move(VISITED_A)
    lab.plug(VISITED_B, "eth1")
    roaming.registered_at(VISITED_A)
    rate = EMULATED_RATE if is_emulated() else RATE
    better: list[dict[str, OneWay]] = []
    dying: list[dict[str, OneWay]] = []
    with Streams(lab, context.home_address(), rate) as streams:
        for _ in range(QUICK_ROUNDS if context.quick else ROUNDS):
            _is_ready(context, roaming)
            dying.append(_change(context, roaming, streams, VISITED_B, plugging=False))
            better.append(_change(context, roaming, streams, VISITED_A, plugging=True))
        refused = sum(count for each in streams.refused().values() for count in each.values())
    lab.unplug("eth1")
    lab.move(HOME)
    roaming.registered_at(HOME)
    return [*_figures(better, dying, rate), Figure("refused to the sender by the kernel", refused, "")]


def _is_ready(context: Context, roaming: Roaming) -> None:
    """Both interfaces have a router: the state between two changes."""
    context.lab.eventually(
        lambda: all(each.routers for each in roaming.status().engine.interfaces if each.name in ("eth0", "eth1")),
        within=20.0,
        what="both interfaces hear a router",
    )
    context.let_pass(WATCH)


def _change(context: Context, roaming: Roaming, streams: Streams, to_link: str, *, plugging: bool) -> dict[str, OneWay]:
    """What it cost each direction from the hand on the cable until a second after all has settled."""
    begin = boot_time()
    if plugging:
        context.lab.plug(VISITED_A, "eth0")
    else:
        context.lab.unplug("eth0")
    roaming.registered_at(to_link, within=LONGEST)
    streams.flow_after(boot_time(), within=20.0)
    context.let_pass(WATCH)
    return streams.cost(begin, boot_time())


def _figures(better: list[dict[str, OneWay]], dying: list[dict[str, OneWay]], rate: float) -> list[Figure]:
    figures = []
    for direction, words in DIRECTIONS.items():
        lost = [float(each[direction].lost) for each in better]
        figures.append(
            Figure(f"a better network appears: lost {words}, all together", sum(lost), "", 0.0, samples=len(lost),
                   details={"worst": max(lost)})
        )  # fmt: skip
    for direction, words in DIRECTIONS.items():
        silences = [each[direction].silence_ms for each in better]
        figures.append(spread(f"a better network appears: silence {words}", silences, "ms"))
    for direction, words in DIRECTIONS.items():
        silences = [each[direction].silence_ms for each in dying]
        figures.append(spread(f"the one in use is unplugged: silence {words}", silences, "ms"))
        figures.append(
            spread(f"the one in use is unplugged: lost {words}", [float(each[direction].lost) for each in dying], "")
        )
    return [*figures, Figure("resolution", 1000 / rate, "ms")]
