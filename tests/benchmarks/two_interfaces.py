# SPDX-License-Identifier: GPL-2.0-or-later
"""Two interfaces, each in a network of its own: what is lost when the other network becomes the better one, and how
long the silence is when the one in use dies.

The better one is told by the person's priorities: a cable that is pulled and plugged again and again is not trusted,
and rightly so. In the second part the cable in use is pulled, and plugged in again when the other one has taken over.
"""

from tests.benchmarks.context import Context
from tests.benchmarks.report import Figure, spread
from tests.kernel_lab.probe import is_emulated
from tests.lab.cable import boot_time
from tests.lab.interruption import OneWay
from tests.lab.roaming import WATCH, Roaming
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Streams

TITLE = "Two interfaces, both plugged in"
DIRECTIONS = {"to_laptop": "correspondent to laptop", "to_correspondent": "laptop to correspondent"}
ROUNDS, QUICK_ROUNDS = 20, 3
RATE, EMULATED_RATE = 1000.0, 100.0
LONGEST = 60.0  # seconds: hysteresis may keep the laptop from a better network for a while
LINKS = {"eth0": VISITED_A, "eth1": VISITED_B}
OTHER = {"eth0": "eth1", "eth1": "eth0"}


def measure(context: Context) -> list[Figure]:
    """20 times each. The laptop has its one cable again afterwards."""
    roaming = context.roaming()
    lab = context.lab
    if "eth1" not in lab.cables:
        lab.add_second_interface()
    _prefer(roaming, "eth0")
    lab.move(VISITED_A)
    lab.plug(VISITED_B, "eth1")
    roaming.registered_at(VISITED_A)
    rate = EMULATED_RATE if is_emulated() else RATE
    better: list[dict[str, OneWay]] = []
    dying: list[dict[str, OneWay]] = []
    used = "eth0"
    try:
        with Streams(lab, context.home_address(), rate) as streams:
            for changes, change in ((better, _becomes_better), (dying, _dies)):
                for _ in range(QUICK_ROUNDS if context.quick else ROUNDS):
                    _is_ready(context, roaming)
                    changes.append(change(context, roaming, streams, used))
                    used = OTHER[used]
            refused = sum(count for each in streams.refused().values() for count in each.values())
    finally:
        lab.unplug("eth1")
        lab.move(HOME)
        roaming.registered_at(HOME)
    return [*_figures(better, dying, rate), Figure("refused to the sender by the kernel", refused, "")]


def _prefer(roaming: Roaming, name: str) -> None:
    wanted = f'[{{name = "{name}", priority = 10}}, {{name = "{OTHER[name]}", priority = 20}}]'
    roaming.laptop.mnctl("settings", "set", "mobile_node.interfaces", wanted)


def _becomes_better(context: Context, roaming: Roaming, streams: Streams, used: str) -> dict[str, OneWay]:
    begin = boot_time()
    _prefer(roaming, OTHER[used])
    return _cost(context, roaming, streams, begin, OTHER[used])


def _dies(context: Context, roaming: Roaming, streams: Streams, used: str) -> dict[str, OneWay]:
    begin = boot_time()
    context.lab.unplug(used)
    cost = _cost(context, roaming, streams, begin, OTHER[used])
    _prefer(roaming, OTHER[used])  # or it would go back as soon as it trusts the cable again
    context.lab.plug(LINKS[used], used)
    return cost


def _cost(context: Context, roaming: Roaming, streams: Streams, begin: float, used: str) -> dict[str, OneWay]:
    """What it cost each direction until a second after all has settled."""
    roaming.registered_at(LINKS[used], within=LONGEST)
    streams.flow_after(boot_time(), within=20.0)
    context.let_pass(WATCH)
    return streams.cost(begin, boot_time())


def _is_ready(context: Context, roaming: Roaming) -> None:
    """One interface is in use and the other stands by: the state between two changes."""
    context.lab.eventually(
        lambda: [each.is_standby for each in roaming.status().engine.interfaces if each.name in LINKS].count(True) == 1,
        within=LONGEST,
        what="one interface stands by",
    )
    context.let_pass(WATCH)


def _figures(better: list[dict[str, OneWay]], dying: list[dict[str, OneWay]], rate: float) -> list[Figure]:
    figures = []
    for direction, words in DIRECTIONS.items():
        lost = [float(each[direction].lost) for each in better]
        name, worst = f"the other network becomes the better one: lost {words}, all together", {"worst": max(lost)}
        figures.append(Figure(name, sum(lost), "", 0.0, samples=len(lost), details=worst))
    for direction, words in DIRECTIONS.items():
        silences = [each[direction].silence_ms for each in better]
        figures.append(spread(f"the other network becomes the better one: silence {words}", silences, "ms"))
    for direction, words in DIRECTIONS.items():
        silences = [each[direction].silence_ms for each in dying]
        figures.append(spread(f"the one in use is unplugged: silence {words}", silences, "ms"))
        figures.append(
            spread(f"the one in use is unplugged: lost {words}", [float(each[direction].lost) for each in dying], "")
        )
    return [*figures, Figure("resolution", 1000 / rate, "ms")]
