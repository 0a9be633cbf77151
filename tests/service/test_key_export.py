# SPDX-License-Identifier: GPL-2.0-or-later
"""A key in the form of other programs: each text in the grammar of its program, the same keys at both ends."""

import re
import subprocess
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import Invitation
from mnclient.model.keys import KEY_ALGORITHMS, KeyKind
from mnclient.model.security import SecurityAssociation
from mnclient.security.esp_keys import Purpose, Sender, association_key
from service.key_export import Form, Side, export

HOME, AGENT = IPv6Address("2001:db8:1::10"), IPv6Address("2001:db8:1::1")
ESP = [each.name for each in KEY_ALGORITHMS[KeyKind.ESP]]


def invitation(algorithm="aes-gcm-256", **changes):
    octets = next((each.high for each in KEY_ALGORITHMS[KeyKind.ESP] if each.name == algorithm), 0)
    made = Invitation(
        name="laptop",
        home_agent=AGENT,
        prefix=IPv6Network("2001:db8:1::/64"),
        home_address=HOME,
        kind=KeyKind.ESP,
        algorithm=algorithm,
        spi_in=0x1002,
        spi_out=0x1001,
        secret=bytes(range(octets)),
    )
    return replace(made, **changes)


def statements(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def keys_of(made):
    association = SecurityAssociation(
        home_address=HOME, home_agent=AGENT, kind=KeyKind.ESP, algorithm=made.algorithm, spi_in=made.spi_in,
        spi_out=made.spi_out, secret=made.secret,
    )  # fmt: skip
    return {(p, s): association_key(association, p, s).hex() for p in Purpose for s in Sender}


# --- ip xfrm ---

IP_ENDS = r"src [0-9a-f:]+ dst [0-9a-f:]+"
IP_STATE = re.compile(
    rf"xfrm state add {IP_ENDS} proto esp spi 0x[0-9a-f]+ reqid \d mode transport replay-window 0 "
    r"(aead \S+ 0x[0-9a-f]+ 128|auth-trunc \S+ 0x[0-9a-f]+ \d+ enc \S+ 0x[0-9a-f]+) "
    r"sel src \S+/128 dst \S+/128"
)
IP_POLICY = re.compile(
    r"xfrm policy add src \S+/128 dst \S+/128 proto (mobility-header( type [56])?|ipv6-icmp type 14[67]) dir (in|out) "
    rf"priority 10 tmpl {IP_ENDS} proto esp spi 0x[0-9a-f]+ reqid \d mode transport"
    rf"( tmpl src [0-9a-f:]+ dst [0-9a-f:]+ proto (hao|route2) mode ro level use)?"
)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("algorithm", ESP)
def test_ip_xfrm(algorithm, side):
    made = invitation(algorithm)
    lines = statements(export(made, Form.IP_XFRM, side))
    states = [line for line in lines if line.startswith("xfrm state")]
    policies = [line for line in lines if line.startswith("xfrm policy")]
    assert len(states) == 2 and len(policies) == 4 and len(lines) == 6
    assert all(IP_STATE.fullmatch(line) for line in states), states
    assert all(IP_POLICY.fullmatch(line) for line in policies), policies
    keys = keys_of(made)
    for line, sender in zip(states, (Sender.MOBILE_NODE, Sender.HOME_AGENT), strict=True):
        said = "".join(re.findall(r"0x([0-9a-f]{32,})", line))
        assert sorted(said) == sorted(keys[Purpose.SIGNALLING, sender])
    ways = {(line.split()[4], re.search(r"dir (\w+)", line)[1]) for line in policies}
    up = "out" if side is Side.MOBILE_NODE else "in"
    assert ways == {(f"{HOME}/128", up), (f"{AGENT}/128", "in" if up == "out" else "out")}


def test_both_ends_have_the_same_associations():
    texts = [export(invitation(), Form.IP_XFRM, side) for side in Side]
    states = [[line for line in text.splitlines() if "xfrm state" in line] for text in texts]
    assert states[0] == states[1] and len(states[0]) == 4


def test_the_directions_of_a_counter_mode_have_different_keys():
    text = export(invitation(), Form.IP_XFRM, Side.HOME_AGENT)
    keys = re.findall(r"aead \S+ 0x([0-9a-f]+)", text)
    assert len(set(keys)) == 4 and invitation().secret.hex() not in text


# --- setkey ---

SETKEY = re.compile(
    r"(add [0-9a-f:]+ [0-9a-f:]+ esp 0x[0-9a-f]+ -u \d -m (transport|tunnel) "
    r"-E (aes-gcm-16|rijndael-cbc|3des-cbc) 0x[0-9a-f]+( -A hmac-sha(1|2-256|2-384|2-512) 0x[0-9a-f]+)?"
    r"|spdadd [0-9a-f:]+ [0-9a-f:]+ (135|icmp6 14[67],0) -P (in|out) ipsec esp/transport//unique:\d)"
)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("algorithm", [each for each in ESP if "chacha" not in each])
def test_setkey(algorithm, side):
    text = export(invitation(algorithm), Form.SETKEY, side)
    found = [" ".join(each.split()) for each in " ".join(statements(text)).split(";") if each.strip()]
    assert [bool(SETKEY.fullmatch(each)) for each in found] == [True] * 8, found
    added = [each.split() for each in found if each.startswith("add")]
    assert [(each[6], each[8]) for each in added] == [
        ("1", "transport"), ("2", "transport"), ("3", "tunnel"), ("4", "tunnel"),
    ]  # fmt: skip
    assert ("96 bits" in text) == ("hmac-sha-" in algorithm)


def test_what_setkey_cannot():
    with pytest.raises(MobileIPv6Error, match="setkey has no chacha20-poly1305"):
        export(invitation("chacha20-poly1305"), Form.SETKEY, Side.HOME_AGENT)


# --- strongSwan ---


def sections(text):
    """The settings of a text of strongSwan by their path; ValueError for what is none."""
    path, found = [], {}
    for line in statements(text):
        words = line.strip()
        if words == "}":
            path.pop()
        elif match := re.fullmatch(r"([a-z0-9-]+) \{", words):
            path.append(match[1])
        elif match := re.fullmatch(r"([a-z0-9_-]+) = (\S+)", words):
            found[".".join((*path, match[1]))] = match[2]
        else:
            raise ValueError(words)
    if path:
        raise ValueError("not closed")
    return found


def test_strongswan():
    agent, laptop = (sections(export(invitation(), Form.STRONGSWAN, side)) for side in Side)
    conn = "connections.mobile-ipv6"
    assert agent[f"{conn}.local_addrs"] == laptop[f"{conn}.remote_addrs"] == str(AGENT)
    assert agent[f"{conn}.remote_addrs"] == laptop[f"{conn}.local_addrs"] == str(HOME)
    child = f"{conn}.children.signalling"
    assert agent[f"{child}.local_ts"] == laptop[f"{child}.remote_ts"] == f"{AGENT}/128[135]"
    assert (agent[f"{child}.mode"], agent[f"{child}.esp_proposals"]) == ("transport", "aes256gcm16")
    secret = agent["secrets.ike-mobile-ipv6.secret"]
    assert secret == laptop["secrets.ike-mobile-ipv6.secret"] and re.fullmatch("0x[0-9a-f]{64}", secret)
    assert invitation().secret.hex() not in str(agent)


@pytest.mark.parametrize(
    "algorithm, proposal",
    [
        ("aes-gcm-128", "aes128gcm16"), ("chacha20-poly1305", "chacha20poly1305"), ("3des-cbc+hmac-sha1", "3des-sha1"),
        ("aes-cbc-128+hmac-sha-256", "aes128-sha256"), ("aes-cbc-256+hmac-sha-512", "aes256-sha512"),
    ],
)  # fmt: skip
def test_proposals(algorithm, proposal):
    text = export(invitation(algorithm), Form.STRONGSWAN, Side.HOME_AGENT)
    assert sections(text)["connections.mobile-ipv6.children.signalling.esp_proposals"] == proposal


# --- mip6d ---


@pytest.mark.parametrize("side, role", [(Side.HOME_AGENT, "HA"), (Side.MOBILE_NODE, "MN")])
def test_mip6d(side, role):
    text = export(invitation(), Form.MIP6D, side)
    assert statements(text) == [
        f"NodeConfig {role};",
        "UseMnHaIPsec enabled;",
        "KeyMngMobCapability disabled;",
        "IPsecPolicySet {",
        f"    HomeAgentAddress {AGENT};",
        f"    HomeAddress {HOME}/64;",
        "    IPsecPolicy HomeRegBinding UseESP 1 2;",
        "    IPsecPolicy MobPfxDisc UseESP 1 2;",
        "    IPsecPolicy TunnelMh UseESP 3 4;",
        "}",
    ]
    assert not re.search("[0-9a-f]{32}", text), "policies have no keys"


# --- what cannot be exported ---


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize(
    "change, words",
    [
        ({"kind": KeyKind.RFC4285, "algorithm": "hmac-sha1-96", "secret": bytes(16)}, "kind rfc4285"),
        ({"kind": None, "algorithm": "", "secret": b""}, "has no key"),
        ({"home_address": None}, "leaves the home address open"),
    ],
)
def test_keys_that_these_programs_do_not_know(form, change, words):
    with pytest.raises(MobileIPv6Error, match=words):
        export(invitation(**change), form, Side.HOME_AGENT)


@pytest.mark.parametrize("form", list(Form))
def test_a_name_is_a_comment_whatever_it_is(form):
    usual = statements(export(invitation(), form, Side.HOME_AGENT))
    odd = export(invitation(name="x; flush ; } { \\ ' \" $(reboot) \u202e"), form, Side.HOME_AGENT)
    assert statements(odd) == usual


# --- what the kernel says ---


@pytest.mark.lab
@pytest.mark.parametrize("side", list(Side))
def test_ip_takes_the_policies(side):
    """In a namespace of its own; the states need a kernel with ESP."""
    lines = [line for line in statements(export(invitation(), Form.IP_XFRM, side)) if "policy" in line]
    told = run_in_namespace(lines, ["xfrm", "policy"])
    assert told.count(f"src {HOME}/128 dst {AGENT}/128") == 2 and told.count("proto esp spi 0x0000100") == 4


@pytest.mark.lab
@pytest.mark.kernel
@pytest.mark.parametrize("algorithm", ESP)
def test_ip_takes_everything(algorithm):
    text = export(invitation(algorithm), Form.IP_XFRM, Side.HOME_AGENT)
    lines = [each for line in text.splitlines() if (each := line.removeprefix("# ")).startswith("xfrm ")]
    told = run_in_namespace(lines, ["xfrm", "state"])
    assert told.count("proto esp") == 4 and told.count("mode tunnel") == 2


def run_in_namespace(lines, question):
    batch = "\n".join((*lines, " ".join(question))) + "\n"
    done = subprocess.run(
        ["unshare", "--net", "--map-root-user", "ip", "-batch", "-"], input=batch, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
