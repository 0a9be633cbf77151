# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import json
import signal
from dataclasses import replace

import pytest

from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import HomeAddressState
from tests.service.fake_core import ADDRESS, AWAY, HOME_AGENT, with_engine
from tests.service.mnctl_process import next_line, run_beside

STATUS = AWAY.engine.home_addresses[0]
REGISTERING = replace(STATUS, state=HomeAddressState.REGISTERING, registered=False, registered_until=None)
VERIFIED = replace(STATUS, verified=True)
AT_HOME = replace(REGISTERING, state=HomeAddressState.AT_HOME, care_of_address=None)
REFUSED = replace(REGISTERING, state=HomeAddressState.REFUSED)
TRY = ("home-addresses", "try", str(ADDRESS))


def on_trial(state, **engine):
    status = with_engine(home_addresses=(state,), **engine)
    return replace(status, home_addresses=(replace(AWAY.home_addresses[0], trial=True),))


@pytest.fixture
def core(mnctl):
    mnctl.core.values["mobile_node.verify"] = True
    mnctl.core.value = on_trial(REGISTERING)
    return mnctl.core


def calls(core):
    return [call[0] for call in core.calls]


async def begun(mnctl, *words):
    process = await run_beside(mnctl.address, *TRY, *words, env={"TZ": "UTC"})
    return process, await next_line(process)


async def ended(process):
    output, errors = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, output.decode(), errors.decode()


async def test_it_is_kept_when_it_works(mnctl, core):
    process, first = await begun(mnctl, "--home-agent", str(HOME_AGENT), "--keep")
    assert "away, telling the home agent" in first
    core.change(on_trial(STATUS))
    assert "not verified" in await next_line(process)
    assert calls(core) == ["try_home_address"], "registered is not verified"
    core.change(on_trial(VERIFIED))
    assert "verified" in await next_line(process)
    code, output, errors = await ended(process)
    assert (code, errors) == (0, "")
    assert f"It works. Home address {ADDRESS} is kept." in output
    assert core.calls == [("try_home_address", ADDRESS, HOME_AGENT, 64), ("keep_home_address", ADDRESS)]


@pytest.mark.parametrize("state, verify", [(AT_HOME, True), (STATUS, False), (VERIFIED, True)])
async def test_what_works(mnctl, core, state, verify):
    core.values["mobile_node.verify"] = verify
    core.value = on_trial(state)
    assert "is kept" in await mnctl(*TRY, "--keep")
    assert calls(core) == ["try_home_address", "keep_home_address"]


async def test_interrupted_it_is_given_up(mnctl, core):
    process, _ = await begun(mnctl)
    core.change(on_trial(VERIFIED))
    assert "verified" in await next_line(process)
    process.send_signal(signal.SIGINT)
    code, output, _ = await ended(process)
    assert code == 130
    assert "is given up" in output
    assert calls(core) == ["try_home_address", "cancel_trial"]


@pytest.mark.parametrize("more", [[], ["--keep"]])
async def test_what_cannot_work_ends_with_the_reason(mnctl, core, more):
    problem = Problem(code=ProblemCode.REGISTRATION_REFUSED, subject=str(ADDRESS), detail="it is full")
    core.value = on_trial(REFUSED, problems=(problem,))
    await mnctl(*TRY, *more, status=1)
    assert "The home agent refused the registration" in mnctl.errors and "it is full" in mnctl.errors
    assert "Ask the person who runs the home agent" in mnctl.errors
    assert calls(core) == ["try_home_address", "cancel_trial"]
    core.value = on_trial(REFUSED)
    await mnctl(*TRY, *more, status=1)
    assert "refused by the home agent" in mnctl.errors


async def test_time_is_up(mnctl, core):
    await mnctl(*TRY, "--keep", "--timeout", "0.2", status=1)
    assert "does not work after 0.2 s, and was given up" in mnctl.errors
    assert calls(core) == ["try_home_address", "cancel_trial"]


async def test_somebody_removes_it_meanwhile(mnctl, core):
    process, _ = await begun(mnctl)
    core.change(replace(AWAY, home_addresses=()))
    code, _, errors = await ended(process)
    assert code == 1
    assert "was removed while it was tried" in errors


async def test_as_json(mnctl, core):
    core.value = on_trial(VERIFIED)
    lines = [json.loads(line) for line in (await mnctl(*TRY, "--keep", "--json")).splitlines()]
    assert lines[0]["status"]["state"] == "registered"
    assert lines[-1] == {"ok": True}


async def test_it_is_listed_as_on_trial(mnctl, core):
    assert "learned, on trial" in await mnctl("home-addresses")


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x"])
async def test_a_time_that_is_none(mnctl, text, capsys):
    with pytest.raises(SystemExit):
        await mnctl(*TRY, "--timeout", text)
    assert "--timeout" in capsys.readouterr().err
