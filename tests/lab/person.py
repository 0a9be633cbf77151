# SPDX-License-Identifier: GPL-2.0-or-later
"""A person in front of a machine: what `mnctl` tells in words, and whether these words agree with `mnctl --json`."""

import os
import subprocess
from collections.abc import Iterator

from mnclient.model.problems import Severity
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus, Phase, Status
from tests.lab.answers import read_status
from tests.lab.lab import Lab
from tests.lab.patience import patient
from tests.lab.processes import ROOT
from tests.lab.service import MnctlError, Service, program

PHASES = {
    HomeAddressState.WAITING: (Phase.NO_NETWORK,),
    HomeAddressState.SEARCHING: (Phase.NO_NETWORK, Phase.PROBLEM),
    HomeAddressState.DETECTING: (Phase.REGISTERING,),
    HomeAddressState.AT_HOME: (Phase.AT_HOME,),
    HomeAddressState.REGISTERING: (Phase.REGISTERING, Phase.PROBLEM),
    HomeAddressState.REGISTERED: (Phase.REGISTERED,),
    HomeAddressState.RETURNING: (Phase.REGISTERING, Phase.PROBLEM),
    HomeAddressState.REFUSED: (Phase.PROBLEM,),
    HomeAddressState.DUPLICATE: (Phase.PROBLEM,),
    HomeAddressState.UNPROTECTED: (Phase.PROBLEM,),
}
REACHED = (Phase.AT_HOME, Phase.REGISTERED)


def finished(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`mnctl ARGUMENTS`, whatever comes of it."""
    command = [*program("mnctl", "service.cli"), "--bus", service.bus.address, *arguments]
    return subprocess.run(
        service.node.command(command),
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(20.0),
    )


def reads(service: Service, *arguments: str) -> str:
    """What `mnctl ARGUMENTS` prints for a person. `MnctlError` when it does not end with 0."""
    result = finished(service, *arguments)
    if result.returncode:
        raise MnctlError(f"mnctl {' '.join(arguments)} ended with {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def is_told(lab: Lab, service: Service, *words: str, within: float = 5.0) -> str:
    """Wait until `mnctl status` says all of these words and agrees with `mnctl --json status`; what it says then."""

    def ask() -> str:
        text, status = reads(service, "status"), read_status(service.status())
        wrong = [*(f"{each!r} is not said" for each in words if each not in text), *contradictions(status, text)]
        assert not wrong, f"{'; '.join(wrong)}\n{text}"
        return text

    return lab.eventually(ask, within=within, what=f"mnctl status on {service.node.name} tells the truth")


def problem_texts(service: Service) -> str:
    """`mnctl problems`, on one line per problem without the time since when."""
    lines = [line.strip() for line in reads(service, "problems").splitlines() if not line.startswith("  Since")]
    return "\n".join(lines)


def contradictions(status: ServiceStatus, text: str) -> list[str]:
    """Where the words of `mnctl status` do not fit the facts, or the facts not each other; empty when all is well."""
    found = [*_of_the_phase(status.engine), *_of_the_interfaces(status.engine), *_of_the_words(status, text)]
    for entry in status.engine.home_addresses:
        found += _of_a_home_address(status.engine, entry)
    kept = {each.address for each in status.home_addresses}
    if status.engine.phase is not Phase.OFF and kept != {each.address for each in status.engine.home_addresses}:
        found.append("the home addresses kept and those of the engine differ")
    return found


def _main(engine: Status) -> HomeAddressStatus | None:
    usable = [each for each in engine.home_addresses if each.state is not HomeAddressState.DUPLICATE]
    ordered = sorted(usable or engine.home_addresses, key=lambda each: not each.preferred)
    return ordered[0] if ordered else None


def _of_the_phase(engine: Status) -> Iterator[str]:
    main = _main(engine)
    if main is None:
        if engine.phase not in (Phase.OFF, Phase.NO_HOME_ADDRESS):
            yield f"the phase is {engine.phase.value} without a home address"
    elif engine.phase not in PHASES[main.state]:
        yield f"the phase is {engine.phase.value} while {main.address} is {main.state.value}"


def _of_the_interfaces(engine: Status) -> Iterator[str]:
    active = [each for each in engine.interfaces if each.is_active]
    if engine.phase in REACHED and len(active) != 1:
        yield f"{len(active)} interfaces are in use"
    for each in active:
        if not each.enabled or not each.is_up:
            yield f"{each.name} is in use and not usable"


def _of_a_home_address(engine: Status, entry: HomeAddressStatus) -> Iterator[str]:
    told = [
        each
        for each in engine.binding_update_list
        if each.home_address == entry.address and each.acknowledged and each.lifetime > 0
    ]
    if entry.registered != (entry.state is HomeAddressState.REGISTERED):
        yield f"{entry.address} is {entry.state.value} and registered: {entry.registered}"
    if entry.registered:
        if entry.registered_until is None or entry.registered_until <= engine.now:
            yield f"the registration of {entry.address} has no end in the future"
        if [each.care_of_address for each in told] != [entry.care_of_address]:
            yield f"the binding update list has {told}, the home address {entry.care_of_address}"
        if not any(each.care_of_address == entry.care_of_address for each in engine.interfaces if each.is_active):
            yield f"no interface in use has {entry.care_of_address}"
    elif entry.registered_until is not None and entry.state is HomeAddressState.AT_HOME:
        yield f"{entry.address} is at home and registered until {entry.registered_until}"
    if entry.state is HomeAddressState.AT_HOME and told:
        yield f"{entry.address} is at home, and in the binding update list"


def _of_the_words(status: ServiceStatus, text: str) -> Iterator[str]:
    headline, engine = text.partition("\n")[0], status.engine
    says_reachable = " reachable at " in headline and "NOT reachable" not in headline
    if says_reachable != (engine.phase in REACHED):
        yield f"the headline is {headline!r} in the phase {engine.phase.value}"
    main = _main(engine)
    if says_reachable and main is not None and str(main.address) not in headline:
        yield f"the headline is not about {main.address}"
    if "registered until" in text and not any(each.registered for each in engine.home_addresses):
        yield "it says 'registered until' and nothing is registered"
    for problem in engine.problems:
        is_bad = problem.declaration.severity is Severity.ERROR
        if is_bad and problem.is_visible(engine.now) and problem.declaration.title not in text:
            yield f"it does not say {problem.declaration.title!r}"
        if is_bad and says_reachable and main is not None and problem.subject == str(main.address):
            yield f"it says 'reachable' and {problem.declaration.title!r}"
