# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl report`: what is in it, what is not, and where it goes."""

import json
import stat
from ipaddress import IPv6Address

import pytest

from service import cli
from service.facts.programs import Answer
from service.report import sections
from tests.service.fake_core import ADDRESS, HOME_AGENT

TITLES = "versions status settings handovers counters problems doctor system routes journal".split()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What the machine says is not what is tested here."""
    monkeypatch.setattr("service.facts.network._PATIENCE", 0.01)
    monkeypatch.setattr(sections, "ask", lambda command: Answer(f"{' '.join(command)} via {ADDRESS}\n"))


async def test_it_is_printed(mnctl):
    text = await mnctl("report")
    assert [title for title in TITLES if f"\n=== {title} ===\n" not in text] == []
    assert str(ADDRESS) in text and "home-agent" not in text.split("=== doctor")[0].split("=== status")[0]
    assert (await mnctl.json("report"))["report"].startswith("A report of mnclient.")


async def test_into_a_file_of_ones_own(mnctl, tmp_path):
    file = tmp_path / "report.txt"
    told = await mnctl.json("report", str(file))
    content = file.read_bytes()
    assert told == {"ok": True, "file": str(file), "octets": len(content)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "has the report" in await mnctl("report", str(file))
    assert [each.name for each in tmp_path.iterdir()] == ["report.txt"]


async def test_addresses_can_be_masked(mnctl):
    plain, masked = await mnctl("report"), await mnctl("report", "--mask-addresses")
    for address in (ADDRESS, HOME_AGENT, IPv6Address("2001:db8:2::10")):
        assert str(address) in plain and str(address) not in masked
    assert "2001:db8" not in masked and "02:00:00:00:00:99" not in masked and "3fff:" in masked
    assert "Addresses are stand-ins." in masked
    begin = masked.index("=== status ===\n") + len("=== status ===\n")
    status = json.loads(masked[begin : masked.index("=== settings ===")])
    (home,) = status["home_addresses"]
    assert IPv6Address(home["address"]).packed[:8] == IPv6Address(home["home_agent"]).packed[:8]


def test_without_a_service_it_says_why(capsys, tmp_path):
    places = ["--config", str(tmp_path / "no.toml"), "--state-dir", str(tmp_path)]
    assert cli.main(["--bus", "unix:path=/nowhere", "report", *places]) == 0
    text = capsys.readouterr().out
    assert text.count("There is no message bus at") >= 5 and "=== routes ===" in text


@pytest.mark.parametrize("name", ["", "no/such/folder/report.txt", "."])
async def test_a_file_that_cannot_be_written(mnctl, tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    await mnctl("report", name, status=1)
    assert mnctl.errors.startswith("mnctl: ")
    assert list(tmp_path.iterdir()) == []
