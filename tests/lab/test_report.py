# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl report` of two that are paired: no key in it, and with stand-ins no address."""

import re
from ipaddress import IPv6Address

import pytest

from mnclient.model.keys import KeyKind
from tests.lab.household import Household
from tests.lab.pairing import pair, start_unpaired
from tests.lab.topology import VISITED_A
from tests.lab.whispers import told_in

pytestmark = pytest.mark.lab

OF_THE_LAB = re.compile(r"2001:db8:[0-9a-f:]+|02:00:00:00:0[1-9f]:[0-9a-f]{2}")


@pytest.fixture(scope="module")
def house(lab):
    home = Household(lab)
    start_unpaired(home)
    return home


@pytest.fixture(scope="module")
def secret(lab, house):
    paired = pair(house, KeyKind.RFC4285)
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    return paired.invitation.secret


def written(service, *words):
    file = service.node.folder / f"{service.node.name}-report.txt"
    places = ["--config", str(service.settings), "--state-dir", str(service.state)]
    assert service.mnctl("report", str(file), *places, *words, within=60.0)["ok"] is True
    return file.read_bytes()


def test_no_key_is_in_it(house, secret):
    for service in (house.laptop, house.home_agent):
        content = written(service)
        assert told_in(content, [secret]) == {}
        for words in (b"=== doctor ===", b"proto 135", b"table ip6 mnclient", b'"keys"', b"rfc4285"):
            assert words in content, words


def test_with_stand_ins_no_address_is_in_it_and_prefixes_are_still_the_same(house, secret):
    (entry,) = house.home_addresses()
    content = written(house.laptop, "--mask-addresses").decode()
    assert OF_THE_LAB.findall(content) == []
    assert entry.address.packed.hex() not in content
    (address,) = set(re.findall(r"\nHome address (\S+)\n", content))
    (agent,) = set(re.findall(r"home agent: It is (\S+)\.\n", content))
    assert IPv6Address(address).packed[:8] == IPv6Address(agent).packed[:8]
    assert re.search(rf"from {address} lookup 627500", content)
    assert told_in(content.encode(), [secret]) == {}
