# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.invitation_use import IDENTIFIERS
from mnclient.model.keys import KeyOwner
from service.settings_schema import BY_KEY
from service.settings_values import parsed
from tests.ui.view.test_invitation_view import OLD, PAIRED
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


def test_the_name_in_an_invitation_is_what_the_home_agent_is_told():
    named = replace(INVITED, invitation=replace(INVITATION, identity="laptop@example.org"))
    others = ({"home_address": str(FIRST), "identifier": "work@example.org"},)
    plan = plan_of(named, SIGNING, SETTINGS | {IDENTIFIERS: others})
    assert methods(plan) == ["try_setting", "try_key", "try_home_address"]
    key, text = plan.changes[0].do.arguments
    mine = {"home_address": str(INVITATION.home_address), "identifier": "laptop@example.org"}
    assert key == IDENTIFIERS and parsed(BY_KEY[key], text) == (*others, mine)
    assert parsed(BY_KEY[key], plan.changes[0].undo_kept.arguments[1]) == others
    assert methods(plan_of(replace(named, protect=Protect.NONE), SIGNING, SETTINGS))[0] == "try_setting"
    assert plan_of(replace(named, protect=Protect.NONE), SIGNING, SETTINGS).changes[0].do.arguments[0] == UNPROTECTED


def test_a_new_key_is_all_that_is_tried_and_is_not_taken_back_once_it_is_kept():
    plan = plan_of(INVITED, PAIRED, SETTINGS)
    assert methods(plan) == ["try_key"] and plan.new_spi == INVITATION.spi_out and plan.spare == ()
    assert methods(plan, "undo") == methods(plan, "undo_kept") == ["cancel_trial"]
    assert (plan.keep.method, plan.changes[0].mend) == ("keep_home_address", State.AGENT)
    users = plan_of(INVITED, replace(PAIRED, keys=(replace(OLD, owner=KeyOwner.USER),)), SETTINGS)
    assert methods(users) == ["keyring.save", "try_key"] and methods(users, "undo")[0] == "keyring.delete"
    assert methods(users, "undo_kept") == ["cancel_trial"] * 2
    assert [each.method for each in users.spare] == ["remove_key", "keyring.delete"]
    assert {each.arguments for each in users.spare} == {OLD.identity, (OLD.identity,)}


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
