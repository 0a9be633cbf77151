# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo: `python -m tests.lab.demo` (or `make demo`). A connection that survives two moves and the way home.

Exit status: 0 when everything held, 1 when something did not, 2 when it cannot be run here. The result is also in
build/demo.json (build/demo-crash.json with --crash).
"""

import argparse
import os
import signal
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from mnclient.network.capabilities import probe
from tests.lab.answers import HandoverRecord
from tests.lab.cable import Move, boot_time
from tests.lab.demo_direct import WITHOUT_PRIVACY, DirectAct, Proof
from tests.lab.demo_pairing import Pairing
from tests.lab.demo_story import PLACES, Story, handover_table
from tests.lab.household import Household
from tests.lab.lab import Lab, write_json
from tests.lab.processes import ROOT
from tests.lab.rights import become_root_of_own_namespace, why_not
from tests.lab.roaming import Step
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, Verdict, call_from_outside

TOUR = (VISITED_A, VISITED_B, HOME)
BUILD = ROOT / "build"


@dataclass
class Result:
    """What becomes build/demo.json. `complaints` is what did not hold."""

    datapath: str = ""
    home_address: IPv6Address | None = None
    protection: str = ""
    stranger_refused: bool = False
    verdict: Verdict | None = None
    proof: Proof | None = None
    steps: list[Step] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def is_ok(self, moves: int) -> bool:
        """True when there is nothing to complain about and nothing is missing."""
        stream = self.verdict is not None and self.verdict.survived and self.verdict.intact
        is_protected = bool(self.protection) and self.stranger_refused
        complete = len(self.steps) == moves and self.home_address is not None
        return not self.complaints and stream and is_protected and complete

    def as_json(self, moves: int) -> dict[str, Any]:
        """The agreed form."""
        verdict = self.verdict or Verdict(survived=False, intact=False, bytes=0, error="")
        direct = {"route_optimization": self.proof.as_json()} if self.proof else {}
        return {
            "datapath": self.datapath,
            "home_address": str(self.home_address or ""),
            "protection": self.protection,
            "unprotected_registration_refused": self.stranger_refused,
            "tcp": {"survived": verdict.survived, "intact": verdict.intact, "bytes": verdict.bytes},
            "handovers": [_handover(step) for step in self.steps],
            **direct,
            "ok": self.is_ok(moves),
        }


def _handover(step: Step) -> dict[str, Any]:
    return {
        "from": step.move.from_link,
        "to": step.move.to_link,
        "interruption_ms": step.interruption.interruption_ms,
        "probes_lost": step.interruption.probes_lost,
        "stages_ms": step.record.stages_ms if step.record else {},
    }


class Demo:
    """One run. `crash`: the laptop's service is killed in the middle of the second move, and started again.

    `direct`: the correspondent is not plain Linux but runs our service as well, and both talk directly.
    """

    def __init__(self, lab: Lab, story: Story, *, rounds: int, crash: bool, direct: bool = False) -> None:
        self.result = Result()
        self.moves = len(TOUR) * rounds
        self._lab = lab
        self._story = story
        self._crash_at = 1 if crash else None
        self._roaming = Household(lab)
        self._pairing = Pairing(lab, self._roaming, story)
        self._act = DirectAct(lab, self._roaming, story) if direct else None

    def run(self) -> None:
        """The whole play. Fills `result`; an `AssertionError` means that it could not go on."""
        if self._act is not None:
            self._act.start_correspondent()
        address = self._arrive()
        with self._act or nullcontext():
            self._tour(address)
        handover_table(self._story, self.result.steps)
        if self._act is not None:
            self._prove(self._act, address)

    def _tour(self, address: IPv6Address) -> None:
        self._story.chapter("The correspondent starts a download to the home address, and 100 probes a second")
        with TcpTransfer(self._lab, address) as transfer, Probe(self._lab, address) as probe:
            self._story.good("both run; neither will be started again")
            for number in range(self.moves):
                self._move(number, TOUR[number % len(TOUR)], transfer, probe)
            self._story.chapter("The download ends, and both sides compare what was sent with what was received")
            self._judge_stream(transfer.finish())

    def _prove(self, act: DirectAct, address: IPv6Address) -> None:
        self._story.chapter("What was captured on the links of both ends is counted, by us and by tshark")
        proof = self.result.proof = act.proof(address)
        self._check(proof.to_laptop > 0, "payload went directly to the laptop, with a type 2 routing header")
        self._check(proof.from_laptop > 0, "payload went directly from the laptop, with a Home Address option")
        self._check(proof.tshark_agrees, "tshark counts the same")

    def _arrive(self) -> IPv6Address:
        agent = self._pairing.start_home_agent()
        self._pairing.start_laptop(agent, extra=WITHOUT_PRIVACY if self._act else "")
        invited = self._pairing.pair()
        address = self._roaming.home_address()
        status = self._roaming.status()
        self.result.home_address, self.result.datapath = address, status.datapath.name
        self._check(address == invited, f"the laptop has the home address of the invitation, {address}")
        self._story.say(f"payload will travel on the {status.datapath.name} datapath: {status.datapath.reason}")
        self._call("at home")
        return address

    def _judge_protection(self, address: IPv6Address) -> None:
        """Away, where the home agent has to be told who it is."""
        if self._pairing.is_protected(address) and self._pairing.kind is not None:
            self.result.protection = self._pairing.kind.value
        self._check(bool(self.result.protection), "it is registered under the key of the invitation (mnctl keys)")
        self._story.say("a stranger tells the home agent that he is the laptop, without the key")
        self.result.stranger_refused = self._pairing.stranger_is_refused(address)
        self._check(self.result.stranger_refused, "he is refused: he gets no answer, and no packet of the laptop's")

    def _move(self, number: int, link: str, transfer: TcpTransfer, probe: Probe) -> None:
        here = self._lab.cables["eth0"].link
        self._story.chapter(
            f"Move {number + 1}: from {PLACES[here]} to {PLACES[link]}. The cable is pulled, and plugged in"
        )
        crashed = number == self._crash_at
        step = self._crash(link, probe) if crashed else self._roaming.step(link, probe)
        self.result.steps.append(step)
        transfer.flows()
        self._tell(step, crashed)
        if not crashed:
            known = "" if step.record else f": {self._roaming.handovers()}"
            self._check(
                step.record is not None, f"the laptop has a record of the move, as completed (mnctl handovers){known}"
            )
        self._roaming.registered_at(link)
        self._story.good("it is at home" if link == HOME else f"it is registered from {PLACES[link]} (mnctl status)")
        self._call("at home again" if link == HOME else f"in {PLACES[link]}")
        if number == 0 and self.result.home_address is not None:
            self._judge_protection(self.result.home_address)
        if self._act is not None and link != HOME:
            self._act.is_direct()
        self._story.good(f"the download goes on: {transfer.received() / 1e6:.1f} MB so far, same connection")

    def _crash(self, link: str, probe: Probe) -> Step:
        """A move whose beginning the service does not survive. Its record died with it, so we keep one from outside."""
        stages: dict[str, float] = {"link_down": 0.0}
        move = self._lab.move(link)
        stages["link_up"] = _milliseconds(move, move.plugged)
        self._roaming.laptop.kill()
        stages["service_killed"] = _milliseconds(move, boot_time())
        self._story.say("in the middle of it the laptop's service dies (SIGKILL): it cannot tidy up or say goodbye")
        self._roaming.laptop.start()
        self._story.say("it is started again, as systemd would")
        self._lab.eventually(self._roaming.laptop.is_ready, within=15.0, what="the service is back")
        stages["service_back"] = _milliseconds(move, boot_time())
        self._roaming.registered_at(link)
        stages["registered"] = _milliseconds(move, boot_time())
        step = self._roaming.watch(move, probe, recorded=False)
        stages["first_payload"] = _milliseconds(move, step.interruption.recovered)
        return replace(step, record=self._from_outside(move, stages))

    def _from_outside(self, move: Move, stages: dict[str, float]) -> HandoverRecord:
        assert self.result.home_address is not None
        return HandoverRecord(
            number=0,
            home_address=self.result.home_address,
            from_link=move.from_link,
            to_link=move.to_link,
            started=move.unplugged,
            outcome="completed",
            stages_ms=dict(sorted(stages.items(), key=lambda stage: stage[1])),
        )

    def _tell(self, step: Step, crashed: bool) -> None:
        if step.record is not None:
            what = (
                "what was seen from outside, the laptop's own record having died" if crashed else "what the laptop did"
            )
            self._story.say(f"{what} (milliseconds after the move began):")
            self._story.stages(step.record.stages_ms)
            self._explain_late_acknowledgement(step.record.stages_ms)
        cost = step.interruption
        self._story.say(
            f"for the correspondent it was silent for {cost.interruption_ms:.0f} ms;"
            f" {cost.probes_lost} of {cost.probes_sent} probes around the move were lost"
        )

    def _explain_late_acknowledgement(self, stages_ms: dict[str, float]) -> None:
        first, said_yes = stages_ms.get("first_payload"), stages_ms.get("binding_acknowledged", 0.0)
        if first is not None and first + 500 < said_yes:
            self._story.say("(the home agent first checks for a second that nobody at home has taken the address;")
            self._story.say(" it forwards meanwhile, and would stop if somebody had)")

    def _call(self, where: str) -> None:
        try:
            took = call_from_outside(self._lab, str(self.result.home_address))
        except AssertionError as error:
            self._check(False, f"a new connection from outside, {where}: {error}")
        else:
            self._check(
                True, f"a new connection from outside, {where}, to the same address: answered in {took * 1000:.1f} ms"
            )

    def _judge_stream(self, verdict: Verdict) -> None:
        self.result.verdict = verdict
        self._check(verdict.survived, f"one TCP connection lived through all of it{_because(verdict.error)}")
        self._check(verdict.intact, f"{verdict.bytes:,} octets arrived, and their SHA-256 is that of what was sent")

    def _check(self, holds: bool, text: str) -> None:
        if holds:
            self._story.good(text)
        else:
            self._story.bad(text)
            self.result.complaints.append(text)


def _milliseconds(move: Move, instant: float) -> float:
    return round((instant - move.unplugged) * 1000, 2)


def _because(error: str) -> str:
    return f" ({error})" if error else ""


def play(story: Story, options: argparse.Namespace, file: Path) -> bool:
    """Build the lab, run the demo, write the result; True when all of it held."""
    story.chapter("Seven machines and their cables are set up (this takes two seconds)")
    with Lab(keep=options.keep, echo=story.echo if options.verbose else lambda _: None) as lab:
        direct = os.environ.get("DATAPATH") == "kernel"
        demo = Demo(lab, story, rounds=options.rounds, crash=options.crash, direct=direct)
        try:
            demo.run()
        except AssertionError as error:
            _report_failure(story, demo, lab, error)
        finally:
            write_json(file, demo.result.as_json(demo.moves))
        ok = demo.result.is_ok(demo.moves)
        closing = "Everything held" if ok else f"{len(demo.result.complaints)} thing(s) did not hold"
        story.chapter(f"{closing}. All machines are taken down; the result is in {file.relative_to(ROOT)}")
    if options.keep:
        story.say(f"logs and settings of the run are kept in {lab.folder}")
    return ok


def _report_failure(story: Story, demo: Demo, lab: Lab, error: AssertionError) -> None:
    """The first line for the reader, everything else into a file."""
    headline = str(error).splitlines()[0] if str(error) else repr(error)
    story.bad(headline)
    demo.result.complaints.append(headline)
    details = BUILD / "demo-failure.txt"
    BUILD.mkdir(exist_ok=True)
    text = str(error) if "--- " in str(error) else f"{error}\n{lab.picture()}"
    details.write_text(text + "\n", encoding="utf-8")
    story.say(f"logs, addresses and routes of all machines at that moment: {details.relative_to(ROOT)}")


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.demo", description=str(__doc__).splitlines()[0])
    parser.add_argument("--crash", action="store_true", help="kill the laptop's service in the middle of a move")
    parser.add_argument("--rounds", type=int, default=1, help="how often to go home, A, B, home (default 1)")
    parser.add_argument("--keep", action="store_true", help="keep the logs of the run, and say where they are")
    parser.add_argument("--verbose", action="store_true", help="show every command with the machine it runs on")
    return parser.parse_args()


def why_not_this_datapath(wanted: str) -> str:
    """Why the datapath asked for (by DATAPATH) cannot be shown; "" when it can."""
    if wanted in ("", "auto", "portable"):
        return ""
    if wanted != "kernel":
        return f"DATAPATH={wanted} is not known: portable, kernel, or auto"
    found = probe("kernel")
    reason = found.datapath.reason or found.route_optimization.reason
    return f"{reason}: run this with DATAPATH=portable, or without DATAPATH" if reason else ""


def main() -> int:
    """Run it."""
    options = parse_arguments()
    become_root_of_own_namespace("tests.lab.demo", sys.argv[1:])
    if os.geteuid() != 0:
        print("The demo builds network namespaces, which only root may do here: run `sudo make demo`.", file=sys.stderr)
        return 2
    if reason := why_not_this_datapath(os.environ.get("DATAPATH", "")) or why_not():
        print(f"{reason}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    file = BUILD / ("demo-crash.json" if options.crash else "demo.json")
    file.unlink(missing_ok=True)
    story = Story()
    story.opening(direct=os.environ.get("DATAPATH") == "kernel")
    try:
        return 0 if play(story, options, file) else 1
    except KeyboardInterrupt:
        story.chapter("Stopped. All machines are taken down")
        return 130


if __name__ == "__main__":
    sys.exit(main())
