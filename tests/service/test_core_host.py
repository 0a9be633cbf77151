# SPDX-License-Identifier: GPL-2.0-or-later
import socket
from pathlib import Path

import pytest

from service import core_host
from service.core_host import read_host


def test_what_the_kernel_says_of_the_interfaces():
    found = {each.name: each for each in read_host()}
    for name in (name for _, name in socket.if_nameindex()):
        folder = Path("/sys/class/net") / name
        if not folder.exists():
            continue  # a network namespace whose /sys is that of another one
        is_ethernet = (folder / "type").read_text().strip() == "1"
        assert (name in found) == (is_ethernet and not name.startswith("mn6"))
        if name in found:
            assert found[name].link_layer_address.hex(":") == (folder / "address").read_text().strip()
            assert len(found[name].permanent_link_layer_address) in (0, 6)
    assert "lo" not in found


LINES = """\
fe80000000000000021122fffe334455 02 40 20 80 eth0
20010db800010000021122fffe334455 02 40 00 00 eth0
20010db8000100000123456789abcdef 02 40 00 01 eth0
20010db80001000000000000000000aa 02 40 00 40 eth0
20010db80001000000000000000000bb 02 40 00 08 eth0
20010db80001000000000000000000cc 02 80 00 10 eth0
20010db80001000000000000000000dd 02 80 00 00 eth0
20010db80001000000000000000000ee 02 40 00 20 eth0
00000000000000000000000000000001 01 80 10 80 lo
"""


@pytest.mark.requirement("RFC8981-MN-3.4-01")
def test_identifiers_are_those_of_settled_and_lasting_addresses(tmp_path, monkeypatch):
    path = tmp_path / "if_inet6"
    path.write_text(LINES)
    monkeypatch.setattr(core_host, "_ADDRESSES", path)
    assert [each.hex() for each in core_host._identifiers()["eth0"]] == ["021122fffe334455", "00000000000000ee"]


def test_a_kernel_without_ipv6_has_no_identifiers(tmp_path, monkeypatch):
    monkeypatch.setattr(core_host, "_ADDRESSES", tmp_path / "missing")
    assert all(each.identifiers == () for each in read_host())
