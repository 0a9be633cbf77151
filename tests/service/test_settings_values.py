# SPDX-License-Identifier: GPL-2.0-or-later
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import ConfigError
from service.settings_schema import SETTINGS
from service.settings_values import checked, plain_copy, shown, unknown_key

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(["address", "prefix", "name", "x"]), each)
    ),
    max_leaves=6,
)


@given(st.sampled_from(SETTINGS), VALUES)
def test_any_value_is_checked_or_a_config_error_of_its_key(setting, value):
    refused = None
    try:
        canonical = checked(setting, value, setting.key)
    except ConfigError as error:
        refused = error
    if refused is None:
        assert checked(setting, canonical, setting.key) == canonical, "what is canonical stays so"
    else:
        assert refused.key.startswith(setting.key)
        assert refused.accepted


def test_the_nearest_key_is_named():
    error = unknown_key("a.enabeld", "enabeld", ["other", "enabled"])
    assert str(error) == "a.enabeld: there is no such key; did you mean enabled? (accepted: enabled, other)"


def test_long_values_are_shortened():
    assert len(shown("x" * 1000)) == 60
    assert shown(True) == "true"


def test_a_copy_shares_nothing():
    original = ({"a": ({"b": 1},)},)
    copy = plain_copy(original)
    assert copy == [{"a": [{"b": 1}]}]
    copy[0]["a"][0]["b"] = 2
    assert original == ({"a": ({"b": 1},)},)
