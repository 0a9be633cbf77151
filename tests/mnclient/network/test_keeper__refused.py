# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel refused is tried again: when something comes back that may have been the reason, and now and then."""

from dataclasses import replace

import pytest

from mnclient.engine.events import NetworkStateFailed, NetworkStateRestored
from mnclient.network import retries
from mnclient.units import Seconds
from tests.mnclient.network.lab import eventually
from tests.mnclient.network.test_keeper import CARE_OF, DEVICE, EVERYTHING, HOME, everything, host_with_link

pytestmark = pytest.mark.lab

SWITCH = "net.ipv6.conf.{}.disable_ipv6"


def addresses(host) -> str:
    return host.run("ip -6 -o addr show scope global")


def test_ipv6_that_was_switched_off_and_on_brings_everything_back(lab):
    host = host_with_link(lab)
    node = lab.node(host).start()
    node.set(**EVERYTHING)
    before = everything(host)
    host.run(f"sysctl -q {SWITCH.format('all')}=1")
    eventually(lambda: node.heard(NetworkStateFailed))
    assert addresses(host) == ""
    host.run(f"sysctl -q {SWITCH.format('all')}=0")
    eventually(lambda: node.heard(NetworkStateRestored))
    eventually(lambda: everything(host) == before)


def test_without_a_sign_it_is_tried_now_and_then(lab, monkeypatch):
    """The tunnel device has no address of its own that would come back."""
    monkeypatch.setattr(retries, "FIRST", Seconds(0.2))
    host = host_with_link(lab)
    node = lab.node(host).start()
    node.set(devices=[DEVICE], addresses=[HOME])
    host.run(f"sysctl -q {SWITCH.format('mn6home')}=1")
    eventually(lambda: node.heard(NetworkStateFailed))
    host.run(f"sysctl -q {SWITCH.format('mn6home')}=0")
    eventually(lambda: str(HOME.address) in addresses(host) and node.heard(NetworkStateRestored))


def test_what_is_not_wanted_any_more_is_not_tried(lab, monkeypatch):
    monkeypatch.setattr(retries, "FIRST", Seconds(0.05))
    host = host_with_link(lab)
    node = lab.node(host).start()
    other = replace(CARE_OF, address=CARE_OF.address + 1)
    node.set(addresses=[CARE_OF, other])
    host.run(f"sysctl -q {SWITCH.format('eth0')}=1")
    eventually(lambda: node.heard(NetworkStateFailed))
    node.set(addresses=[other])
    host.run(f"sysctl -q {SWITCH.format('eth0')}=0")
    eventually(lambda: str(other.address) in addresses(host) and node.heard(NetworkStateRestored))
    assert f"{CARE_OF.address}/" not in addresses(host)
