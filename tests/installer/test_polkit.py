# SPDX-License-Identifier: GPL-2.0-or-later
"""What polkit reads. That the real polkitd decides by our policy: tests/service/test_authorization.py."""

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from service.contract import Action
from tests.checkout import ROOT
from tests.installer.unit_rights import one
from tests.service.polkitd import POLICY, decided, polkit_bus  # noqa: F401  # a fixture

RULE = ROOT / "installer/examples/50-mnclient-group.rules"
DEFINITION = Path("/usr/share/polkit-1/policyconfig-1.dtd")
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
LANGUAGES = {None, "de"}

INSIDE = """
import asyncio, json, sys
sys.path.insert(0, "{root}")
from dbus_fast import Message, Variant
from service.contract import Action
from tests.service.private_bus import connect_as

async def call(bus, message):
    async with asyncio.timeout(30):
        while (reply := await bus.call(message)).error_name in NOT_YET:
            await asyncio.sleep(0.05)
    return reply

NOT_YET = ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")

async def main(address):
    answers = {{}}
    for user in (1, 2):
        bus = await connect_as(address, user)
        subject = ["system-bus-name", {{"name": Variant("s", bus.unique_name)}}]
        allowed = []
        for action in Action:
            reply = await call(bus, Message("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization", signature="(sa{{sv}})sa{{ss}}us",
                body=[subject, action.value, {{}}, 0, ""]))
            if reply.error_name:
                sys.exit(str(reply.body))
            if reply.body[0][0]:
                allowed.append(action.value)
        answers[user] = allowed
        bus.disconnect()
    print(json.dumps(answers))

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.skipif(not DEFINITION.exists(), reason=f"polkit's own definition is not installed: {DEFINITION}")
def test_the_policy_is_valid(tmp_path):
    def validate(file):
        command = ["xmllint", "--noout", "--nonet", "--dtdvalid", str(DEFINITION), str(file)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert validate(POLICY).returncode == 0, validate(POLICY).stderr
    (tmp_path / "wrong").write_text(POLICY.read_text(encoding="utf-8").replace("allow_any", "allow_all"))
    assert "allow_all" in validate(tmp_path / "wrong").stderr


def test_every_text_is_translated():
    actions = ET.parse(POLICY).getroot().findall("action")
    assert len(actions) == len(Action)
    for action in actions:
        for text in ("description", "message"):
            told = {each.get(LANGUAGE): (each.text or "").strip() for each in action.findall(text)}
            assert set(told) == LANGUAGES and all(told.values()), (action.get("id"), text)


def test_the_user_of_the_service_may_ask_about_others():
    """polkit answers CheckAuthorization about somebody else only to root and the owner of the action."""
    unit = (ROOT / "installer/systemd/mnclientd.service").read_text(encoding="utf-8")
    for action in ET.parse(POLICY).getroot().findall("action"):
        told = {each.get("key"): each.text for each in action.findall("annotate")}
        assert told["org.freedesktop.policykit.owner"] == f"unix-user:{one(unit, 'User')}", action.get("id")


def test_members_of_the_group_need_no_password(polkit_bus):  # noqa: F811
    rule, changed = re.subn('"netdev"', '"daemon"', RULE.read_text(encoding="utf-8"))  # the first of two users is in it
    assert changed == 2
    told = json.loads(decided(polkit_bus, rule, INSIDE.format(root=ROOT)))
    for_members = sorted(each.value for each in Action if each is not Action.ADMINISTER)
    assert {user: sorted(actions) for user, actions in told.items()} == {"1": for_members, "2": []}
