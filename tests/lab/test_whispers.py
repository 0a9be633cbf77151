# SPDX-License-Identifier: GPL-2.0-or-later
"""No key in a log, an answer, a signal, a capture, or a file but the one for it; and that we would find it there."""

import io
import json
import os
import signal
from base64 import b64encode
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from mnclient.model.keys import KeyKind
from service import cli
from tests.lab import hostile
from tests.lab.demo_pairing import forged_registration
from tests.lab.hostile import Stranger, reload
from tests.lab.household import Household
from tests.lab.pairing import join, pair, rotate, start_unpaired
from tests.lab.person import finished, reads
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B
from tests.lab.whispers import files_of, forms, told_in

pytestmark = pytest.mark.lab

CHANGING = "reset-network", "invite", "revoke", "join", "install-service", "uninstall-service"
BY_HAND = bytes(range(120, 140)), bytes(range(140, 160)), bytes(range(160, 176))
"""A precomputed key, one for an AAA server, and the two nonces of the first."""
TELLING = [
    words for words in cli.COMMANDS
    if words[0] not in ("watch", "decode", "doctor", "report", *CHANGING)
    and (len(words) == 1 or words[-1] in ("show", "list", "suggest", "describe"))
]  # fmt: skip
"""Commands that only tell. The doctor and the report take their time, and are asked once."""


@pytest.mark.parametrize(
    "secret", [bytes(range(16)), b"\xff\x00" * 18, bytes(range(200, 236))], ids=["small", "alternating", "high"]
)
def test_what_is_said_is_found(secret):
    for said in (
        secret, repr(secret).encode(), secret.hex().encode(), json.dumps(list(secret)).encode(),
        b64encode(b"a" + secret), b64encode(b"ab" + secret), b64encode(secret),
    ):  # fmt: skip
        assert told_in(b"before " + said + b" after", [secret]), said
    assert len(set(forms(secret))) > 10
    assert told_in(b"nothing " + secret[:-3], [secret]) == {}


@pytest.fixture(scope="module")
def house(lab):
    """Both run, log everything, and everything on their buses is recorded; then they are paired."""
    home = Household(lab)
    start_unpaired(home)
    for service in (home.home_agent, home.laptop):
        service.mnctl("debug", "on", "signalling", "events", "network", "bus")
        recorder = lab.adopt(monitor(service))
        lab.eventually(
            lambda recorder=recorder: recorder.log.stat().st_size > 0, within=5.0, what="the bus is recorded"
        )
    return home


def of_the_administrator(lab, service, home_address):
    """Keys that are in files of their own: for a correspondent, and for a server behind the home agent."""
    folder = service.state / "keys"
    precomputed, server, nonce = (each.hex() for each in BY_HAND)
    pair = {"home_address": str(home_address), "correspondent": str(CORRESPONDENT_ADDRESS)}
    keys = {"node_key": precomputed, "home_nonce": nonce[:16], "care_of_nonce": nonce[16:]}
    aaa = {"home_address": str(home_address), "home_agent": str(HOME_AGENT_ADDRESS), "key": server}
    for name, row in (("precomputed.json", pair | keys), ("aaa.json", aaa)):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(json.dumps({"version": 1, "keys": [row]}), encoding="utf-8")
    reload(lab, service, "the settings were read again")


@pytest.fixture(scope="module")
def secrets(lab, house):
    """The secrets in use: of the invitation, then of the key that takes its place."""
    first = pair(house, KeyKind.RFC4285)
    of_the_administrator(lab, house.laptop, first.home_address)
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    lab.eventually(lambda: "first came" in reads(house.home_agent, "guests"), within=5.0, what="the guest has come")
    file = lab.folder / "second.mnclient-invitation"
    second = rotate(house.home_agent, file)
    join(house.laptop, file)
    file.unlink()
    return [first.invitation.secret, second.secret]


def monitor(service):
    """Everything that passes on the bus of a service, as it is (D-Bus in pcap)."""
    command = ["busctl", f"--address={service.bus.address}", "--size=1048576", "capture"]
    return service.node.popen(command, log="bus-recorded")


def recorded(service):
    return (service.node.folder / f"{service.node.name}-bus-recorded.log").read_bytes()


def everything_told(service):
    """What every command says that only tells, for people and as JSON. Here, because 80 programs take their time."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        for words in TELLING:
            for form in (["--json"], []):
                assert cli.main(["--bus", service.bus.address, *words, *form]) == cli.DONE, (words, said.getvalue())
    return said.getvalue().encode()


def examined(service):
    """What the doctor says, and a report, for people and as JSON."""
    places = ["--config", str(service.settings), "--state-dir", str(service.state)]
    said = [finished(service, "doctor", *places, *form).stdout for form in ((), ("--json",))]
    assert all("home address" in each for each in said)
    file = service.node.folder / "report"
    for words in ([], ["--mask-addresses"]):
        assert service.mnctl("report", str(file), *places, *words, within=60.0)["ok"] is True
        said.append(file.read_text(encoding="utf-8"))
        assert "=== journal ===" in said[-1]
        file.unlink()
    return "".join(said).encode()


def faults(lab, house):
    """What goes wrong, and is complained about in log and status."""
    address = house.home_addresses()[0].address
    with Stranger(lab.correspondent, "core0") as stranger:
        stranger.send(forged_registration(address))
        stranger.send(hostile.ipv6(CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS, hostile.MOBILITY, b"\0" * 7))
    for service in (house.home_agent, house.laptop):
        finished(service, "settings", "set", "mobile_node.enabled", "perhaps")
        finished(service, "keys", "remove", str(address), str(HOME_AGENT_ADDRESS), "4711")
        keys = service.state / "keys/keys.json"
        kept = keys.read_bytes()
        keys.chmod(0o644)
        reload(lab, service, "is open to other users")
        keys.chmod(0o600)
        keys.write_bytes(kept[: len(kept) // 2])
        reload(lab, service, "is not a file of keys")
        keys.write_bytes(kept)
        keys.chmod(0o600)
        reload(lab, service, "the settings were read again")


def test_nobody_tells_the_key(lab, house, secrets):
    for link in (VISITED_B, HOME, VISITED_A):
        lab.move(link)
        house.registered_at(link)
    faults(lab, house)
    house.registered_at(VISITED_A)
    everybodys = [*secrets, *BY_HAND]
    captured = finished(house.laptop, "messages", "--save", str(lab.folder / "messages.pcap"))
    assert captured.returncode == 0
    for service in (house.home_agent, house.laptop):
        texts = (
            everything_told(service) + finished(service, "decode", str(lab.folder / "messages.pcap")).stdout.encode()
        )
        assert len(texts) > 10_000 and told_in(texts, everybodys) == {}
        assert told_in(examined(service), everybodys) == {}


def test_into_the_service_it_goes_once_and_never_out(house, secrets):
    """Each secret is in one call to each service, that which brings it; in no answer and no signal."""
    for service in (house.home_agent, house.laptop):
        assert told_in(recorded(service), secrets) == {"raw": len(secrets)}


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_crash_leaves_no_memory(lab, house, secrets, number):
    for service in (house.home_agent, house.laptop):
        limits = Path(f"/proc/{service.pid}/limits").read_text(encoding="ascii").splitlines()
        assert [each.split()[4:6] for each in limits if each.startswith("Max core")] == [["0", "0"]]
        os.kill(service.pid, number)
        lab.eventually(lambda service=service: not service.is_running(), within=5.0, what="it is dead")
    own = [service.state / "keys" for service in (house.home_agent, house.laptop)]
    recordings = [lab.folder / f"{name}-bus-recorded.log" for name in ("ha", "laptop")]
    files = files_of(lab.folder, but=(*own, *recordings))
    assert {"ha-mnclientd.log", "laptop-mnclientd.log", "bindings.json", "guests.json"} <= {each.name for each in files}
    assert {each.name: found for each in files if (found := told_in(each.read_bytes(), [*secrets, *BY_HAND]))} == {}
    for folder in own:
        assert folder.stat().st_mode & 0o077 == 0
        for each in folder.iterdir():
            assert each.stat().st_mode & 0o077 == 0, each
    for service in (house.home_agent, house.laptop):
        service.start()
        lab.eventually(service.is_ready, within=15.0, what="it is back")
