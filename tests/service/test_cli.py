# SPDX-License-Identifier: GPL-2.0-or-later
"""mnctl as a whole: what goes wrong, where the bus comes from, and what the shell sees."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mnclient.errors import ConfigError, MobileIPv6Error
from service import cli
from service.cli_parser import SHELLS, parser
from service.contract import NotAllowed, UnknownThing
from tests.service.private_bus import private_bus

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "words",
    [
        ("explode",),
        ("home-addresses", "remove", "2001:db8::g"),
        ("home-addresses", "remove"),
        ("home-agents", "add", "2001:db8:1::1", "2001:db8:1::1/64"),
        ("interfaces", "set-priority", "eth0", "1000"),
        ("interfaces", "set-priority", "eth0", "much"),
        ("bindings", "--limit", "-1"),
        ("bindings", "--matching", "wlan0"),
        ("--print-completion", "csh"),
    ],
)
def test_usage(words, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert "usage: mnctl" in capsys.readouterr().err


def test_without_a_command_the_help_is_shown(capsys):
    assert cli.main([]) == 2
    assert "examples:" in capsys.readouterr().out


async def test_no_service(mnctl):
    with private_bus() as empty:
        mnctl.address = empty.address
        assert await mnctl("status", status=3) == ""
        assert mnctl.errors == (
            "mnctl: The mnclient service is not running.\n"
            "  Start it: systemctl start mnclientd, or name the bus it is on with --bus\n"
        )
        told = json.loads(await mnctl("status", "--json", status=3))
        assert told["error"]["exit_status"] == 3
    await mnctl("status", status=3)
    assert "There is no message bus at" in mnctl.errors


@pytest.mark.parametrize(
    "error, status, text",
    [
        (NotAllowed("no permission", hint="do it as root"), 4, "mnctl: no permission.\n  Do it as root\n"),
        (UnknownThing("no such thing"), 5, "mnctl: no such thing.\n"),
        (MobileIPv6Error("it failed", hint="try again"), 1, "mnctl: it failed.\n  Try again\n"),
        (ConfigError("wrong", key="a.b", accepted="c"), 1, "mnctl: a.b: wrong.\n  Accepted: c\n"),
        (ValueError("a mistake"), 1, "mnctl: The service made a mistake; its log says more.\n"),
    ],
)
async def test_errors_of_the_service(mnctl, error, status, text):
    mnctl.core.refusal = error
    await mnctl("settings", "set", "mobile_node.enabled", "false", status=status)
    assert mnctl.errors == text


async def test_the_bus_can_come_from_the_environment(mnctl, monkeypatch):
    monkeypatch.setenv("MNCLIENT_BUS", mnctl.address)
    assert "Away" in await mnctl("status", bus=False)
    assert "Away" in await mnctl("status", "--bus", mnctl.address, bus=False)


async def test_a_broken_pipe_is_quiet(mnctl):
    command = f"{sys.executable} -m service.cli --bus {mnctl.address} handovers | true; echo ${{PIPESTATUS[0]}}"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert (out, err) == (b"0\n", b"")


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert re.fullmatch(r"mnctl \S.*\n", capsys.readouterr().out)


@pytest.mark.parametrize("shell", SHELLS)
def test_completion(shell, capsys):
    assert cli.main(["--print-completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("home-addresses", "set-priority", "reset-network"):
        assert word in script


def test_completion_works_in_bash(tmp_path, capsys):
    cli.main(["--print-completion", "bash"])
    (tmp_path / "mnctl").write_text(capsys.readouterr().out)
    script = f"source {tmp_path}/mnctl; COMP_WORDS=(mnctl home-a); COMP_CWORD=1; _shtab_mnctl; echo ${{COMPREPLY[@]}}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert set(result.stdout.split()) == {"home-agents", "home-addresses", "home-agent"}


def test_every_command_has_an_example_or_one_line_and_is_run_by_something():
    words = parser()
    for command in cli.COMMANDS:
        key = ["::1", "::2", "1001"]
        needs = ["--kind", "esp", "--algorithm", "x", "--spi-in", "256", "--spi-out", "257"]
        arguments = {
            "home-agents add": ["::1", "::/0"],
            "interfaces set-priority": ["a", "1"],
            "keys set": [*key[:2], *needs],
            "keys provide": key,
            "keys remove": key,
            "keys export": ["file", "--for", "setkey"],
            "access add": ["home-agent", "allow"],
            "access remove": ["home-agent", "1"],
            "debug on": ["signalling"],
            "debug off": ["signalling"],
        }
        needed = arguments.get(" ".join(command), ["::1"])
        for extra in ([], needed[:1], needed, ["a", "b"]):
            try:
                assert words.parse_args([*command, *extra]).command == command
            except SystemExit:
                continue
            break
        else:
            raise AssertionError(f"{command} cannot be called")
