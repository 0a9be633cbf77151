# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.keys import KeyOwner
from service.settings_schema import BY_KEY
from service.settings_values import parsed
from tests.ui.view.test_wizard_draft import BY_HAND, FOUND, INVITED, SIGNING
from tests.ui.wizard.people import AGENT, FIRST, HOME, INVITATION, SECRET, SETTINGS, START, TWO_INTERFACES
from ui.view.wizard_draft import Draft, Protect
from ui.view.wizard_flow import State
from ui.view.wizard_plan import INTERFACES, UNPROTECTED, plan_of, value_text


def methods(plan, what="do"):
    return [getattr(change, what).method for change in plan.changes]


def test_the_plan_of_a_found_agent():
    plan = plan_of(FOUND, START, SETTINGS)
    assert methods(plan) == ["try_setting", "try_home_address"]
    assert plan.changes[0].do.arguments == (UNPROTECTED, "true")
    assert plan.changes[0].undo_kept.arguments == (UNPROTECTED, "false")
    assert plan.changes[1].do.arguments == (FIRST, AGENT, HOME.prefixlen)
    assert methods(plan, "undo") == ["cancel_trial"] * 2
    assert (plan.keep.method, plan.changes[1].undo_kept.method) == ("keep_home_address", "remove_home_address")


def test_what_is_so_already_is_not_changed():
    assert methods(plan_of(FOUND, START, {UNPROTECTED: True})) == ["try_home_address"]
    assert methods(plan_of(INVITED, SIGNING, SETTINGS)) == ["try_key", "try_home_address"]


def test_a_key_for_the_keyring_is_there_before_the_service_has_it():
    plan = plan_of(replace(INVITED, owner=KeyOwner.USER), SIGNING, SETTINGS)
    assert methods(plan) == ["keyring.save", "try_key", "try_home_address"]
    assert methods(plan, "undo") == ["keyring.delete", "cancel_trial", "cancel_trial"]
    assert methods(plan, "undo_kept") == ["keyring.delete", "remove_key", "remove_home_address"]
    assert {change.mend for change in plan.changes[:2]} == {State.PROTECTION}


def test_no_secret_in_any_representation():
    plan = plan_of(replace(INVITED, owner=KeyOwner.USER), SIGNING, SETTINGS)
    assert repr(SECRET) not in repr(plan) and INVITATION.secret.hex() not in repr(plan)


@pytest.mark.parametrize("draft", [Draft(), BY_HAND, replace(FOUND, protect=Protect.TYPED)])
def test_an_incomplete_draft_has_no_plan(draft):
    assert plan_of(draft, SIGNING, SETTINGS) is None


def test_the_order_is_restored_line_by_line():
    rows = ({"name": "eth0", "priority": 7, "enabled": True}, {"name": "wlan0", "enabled": False})
    plan = plan_of(replace(FOUND, order=("wlan0",)), TWO_INTERFACES, {UNPROTECTED: True, INTERFACES: rows})
    order = plan.changes[0]
    assert order.do.arguments == (("wlan0", "eth0", "wwan0"),)
    key, text = order.undo_kept.arguments
    restored = parsed(BY_KEY[key], text)
    assert [{name: each[name] for name in row} for each, row in zip(restored, rows, strict=True)] == list(rows)


@pytest.mark.parametrize("value", [(), ({"name": 'a"\\b\tc', "priority": 1, "enabled": False},), ({"name": "ü"},)])
def test_tables_are_written_as_the_settings_file_has_them(value):
    import tomllib

    assert tomllib.loads(f"value = {value_text(value)}")["value"] == [dict(each) for each in value]


@pytest.mark.parametrize("value, text", [(True, "true"), (7, "7"), (0.5, "0.5"), ("x", '"x"'), ({"a": None}, "{}")])
def test_plain_values(value, text):
    assert value_text(value) == text
