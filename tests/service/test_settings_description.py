# SPDX-License-Identifier: GPL-2.0-or-later
from mnclient.model.settings_description import SettingDescription
from service.codec import from_plain, from_variants, to_plain, to_variants
from service.settings_description import settings_schema
from service.settings_schema import BY_KEY, SETTINGS

KINDS = {"boolean", "integer", "seconds", "word", "text", "address", "network", "ports", "table", "tables"}


def everything(descriptions):
    for each in descriptions:
        yield each
        yield from everything(each.fields)


def test_every_setting_is_described():
    assert [each.key for each in settings_schema()] == [each.key for each in SETTINGS]
    for each in everything(settings_schema()):
        assert each.kind in KINDS
        assert each.description and each.accepted
        assert bool(each.words) == (each.kind == "word")
        assert bool(each.fields) == (each.kind in ("table", "tables"))
    for each in settings_schema():
        assert each.needs_admin is BY_KEY[each.key].needs_admin


def test_a_description_says_what_a_spin_box_needs():
    described = {each.key: each for each in settings_schema()}
    slider = described["autoconfiguration.responsiveness"]
    assert (slider.kind, slider.default, slider.low, slider.high) == ("integer", 50, 0.0, 100.0)
    assert not slider.needs_admin
    assert described["network.datapath"].needs_restart
    assert described["network.datapath"].words == ("auto", "kernel", "portable")
    rows = described["mobile_node.interfaces"]
    assert (rows.kind, rows.default, rows.high) == ("tables", [], 64.0)
    name, priority, enabled = rows.fields
    assert (name.required, priority.default, enabled.kind) == (True, 100, "boolean")


def test_it_survives_the_bus():
    arrived = [from_variants(to_variants(to_plain(each))) for each in settings_schema()]
    assert from_plain(tuple[SettingDescription, ...], arrived) == settings_schema()
