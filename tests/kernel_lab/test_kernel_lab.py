# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel that `kernel` tests get has what the kernel datapath is made of. Each test tries one thing for real."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

pytestmark = pytest.mark.kernel

HOST = "2001:db8::1"
PEER = "2001:db8::2"
CARE_OF = "2001:db8:2::1"

Run = Callable[[str], str]


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs a command in a network namespace that is connected to nothing; its output."""
    name = f"mnk{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)

    def run_there(command: str) -> str:
        inside = ["ip", "netns", "exec", name, "sh", "-ec", command]
        result = subprocess.run(inside, check=False, capture_output=True, text=True)
        assert result.returncode == 0, f"{command}: {result.stderr}"
        return result.stdout

    run_there("ip link set lo up; ip link add dummy0 type dummy; ip link set dummy0 up")
    run_there(f"ip addr add {HOST}/64 dev dummy0 nodad; ip addr add {CARE_OF}/64 dev dummy0 nodad")
    yield run_there
    subprocess.run(["ip", "netns", "del", name], check=True)


def test_external_tunnels_take_the_outer_addresses_from_routes(run: Run) -> None:
    run("ip link add tunnel0 type ip6tnl external; ip link set tunnel0 up")
    run(f"ip -6 route add 2001:db8:9::/64 encap ip6 src {CARE_OF} dst {PEER} dev tunnel0")
    assert f"encap ip6 id 0 src {CARE_OF} dst {PEER}" in run("ip -6 route show dev tunnel0")
    run("ping -c1 -W1 2001:db8:9::1 || true")
    (device,) = json.loads(run("ip -json -statistics link show tunnel0"))
    assert device["stats64"]["tx"]["packets"] > 0


def test_tunnel_devices_with_fixed_ends(run: Run) -> None:
    run(f"ip link add tunnel1 type ip6tnl mode ip6ip6 local {CARE_OF} remote {PEER} encaplimit none")
    assert PEER in run("ip -d link show tunnel1")


@pytest.mark.parametrize(
    "protocol, name",
    [("hao", f"src {HOST} dst {PEER} proto hao"), ("route2", f"src {PEER} dst {HOST} proto route2")],
)
def test_mobile_ipv6_is_a_transformation(run: Run, protocol: str, name: str) -> None:
    run(f"ip xfrm state add {name} mode ro coa {CARE_OF}")
    shown = run("ip xfrm state")
    assert f"proto {protocol}" in shown and "mode ro" in shown and f"coa {CARE_OF}" in shown


def test_esp_protects_signalling(run: Run) -> None:
    keys = f"auth 'hmac(sha256)' 0x{'11' * 32} enc 'cbc(aes)' 0x{'22' * 16}"
    run(f"ip xfrm state add src {HOST} dst {PEER} proto esp spi 0x1000 mode transport {keys}")
    run(f"ip xfrm policy add src {HOST} dst {PEER} proto 135 dir out tmpl proto esp mode transport")
    assert "enc cbc(aes)" in run("ip xfrm state")
    assert f"src {HOST}/128 dst {PEER}/128 proto mobility-header" in run("ip xfrm policy")


def test_a_set_may_join_addresses_and_raw_payload(run: Run) -> None:
    run("nft add table ip6 lab; nft 'add chain ip6 lab out { type filter hook output priority 0; }'")
    run("nft 'add set ip6 lab pairs { typeof ip6 daddr . @nh,192,128 ; }'")
    run("nft add rule ip6 lab out ip6 daddr . @nh,192,128 @pairs counter drop")
    assert "@pairs counter" in run("nft list chain ip6 lab out")


def test_a_rule_hands_packets_to_a_listener(run: Run) -> None:
    run("nft add table ip6 lab; nft 'add chain ip6 lab out { type filter hook output priority 0; }'")
    run("nft add rule ip6 lab out ip6 daddr ::1 icmpv6 type echo-request log group 5")
    # tcpdump says that it listens, which the shell waits for, and ends after the first packet
    said = run(
        "mkfifo /tmp/said-$$; tcpdump -l -n -c1 -i nflog:5 2>/tmp/said-$$ & exec 3</tmp/said-$$; rm /tmp/said-$$\n"
        "while read -r line <&3; do case $line in *listening*) break;; esac; done; ping -c3 -W1 ::1 >/dev/null; wait"
    )
    assert "echo request" in said


def test_reverse_path_lookups(run: Run) -> None:
    run("nft add table ip6 lab; nft 'add chain ip6 lab in { type filter hook prerouting priority -150; }'")
    run("nft add rule ip6 lab in fib saddr . iif oif missing drop")
    assert "fib saddr . iif oif missing" in run("nft list chain ip6 lab in")


@pytest.mark.parametrize("discipline", ["netem delay 1ms", "plug limit 100000"])
def test_links_can_be_made_worse(run: Run, discipline: str) -> None:
    run(f"ip link add left type veth peer name right; tc qdisc add dev left root {discipline}")
    assert discipline.split()[0] in run("tc qdisc show dev left")
