# SPDX-License-Identifier: GPL-2.0-or-later
"""What is made of the words of network managers; the words are real ones, from a trial."""

import json
import subprocess

import pytest

from tests.install_lab.failure import Failed
from tests.install_lab.managers import MANAGERS, Ifupdown, Networkd, NetworkManager, check

NMCLI = "eth0:connected\nmn6home:unmanaged\nmn6tunnel:unmanaged\nlo:unmanaged\n"
NETWORKCTL = """\
  1 lo      loopback carrier     unmanaged
  3 eth0    ether    routable    configured
  4 mn6home none     routable    unmanaged
"""
LINKS = "lo UNKNOWN 00:00 <LOOPBACK>\neth0@if8 UP 02:00 <UP>\nmn6home UNKNOWN <UP>\nmn6tunnel@NONE UNKNOWN :: <UP>\n"


class Words:
    """A system in which programs say what they are told to: by the first word, or the first two."""

    def __init__(self, words):
        self._words = words

    def run(self, command, *, check=True, user=""):
        said = self._words.get(" ".join(command[:3]), self._words.get(command[0], ""))
        return subprocess.CompletedProcess(command, 0, said, "")


def doctor(**verdicts):
    return json.dumps({"checks": [{"name": name, "verdict": verdict} for name, verdict in verdicts.items()]})


@pytest.mark.parametrize(
    "manager, program, words, device, state",
    [
        (NetworkManager(), "nmcli", NMCLI, "eth0", "connected"),
        (NetworkManager(), "nmcli", NMCLI, "mn6home", "unmanaged"),
        (NetworkManager(), "nmcli", NMCLI, "mn6", ""),
        (NetworkManager(), "nmcli", "", "eth0", ""),
        (Networkd(), "networkctl", NETWORKCTL, "eth0", "configured"),
        (Networkd(), "networkctl", NETWORKCTL, "mn6home", "unmanaged"),
        (Networkd(), "networkctl", "4 mn6home none off pending\n", "mn6home", ""),
        (Networkd(), "networkctl", "no such thing\n", "eth0", ""),
        (Ifupdown(), "ifquery", "eth0=eth0\n", "eth0", "up"),
        (Ifupdown(), "ifquery", "", "mn6home", "unmanaged"),
    ],
)
def test_states(manager, program, words, device, state):
    assert manager.says(Words({program: words}), device) == state


def test_a_manager_that_leaves_our_devices_alone():
    told = doctor(**{"NetworkManager": "ok", "systemd-networkd": "not-applicable"})
    check(Words({"ip": LINKS, "nmcli": NMCLI, "mnctl": told}), MANAGERS["NetworkManager"])


@pytest.mark.parametrize(
    "nmcli, links, verdict, complaint",
    [
        ("mn6home:connected\n", LINKS, "ok", "says that mn6home is connected"),
        (NMCLI, "lo UNKNOWN 00:00 <LOOPBACK>\n", "ok", "no device of ours"),
        (NMCLI, LINKS, "warning", "the doctor on NetworkManager"),
        (NMCLI, LINKS, "not-applicable", "the doctor on NetworkManager"),
    ],
)
def test_one_that_does_not(nmcli, links, verdict, complaint):
    told = doctor(**{"NetworkManager": verdict, "systemd-networkd": "not-applicable"})
    with pytest.raises(Failed, match=complaint):
        check(Words({"ip": links, "nmcli": nmcli, "mnctl": told}), MANAGERS["NetworkManager"])
