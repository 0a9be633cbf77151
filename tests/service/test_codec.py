# SPDX-License-Identifier: GPL-2.0-or-later
import json
import math
from dataclasses import dataclass, fields, is_dataclass, replace
from ipaddress import IPv6Address, IPv6Network
from typing import get_args, get_type_hints

import pytest
from dbus_fast import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from mnclient.model import handover, problems, service_status, status
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.service_status import ServiceStatus, Suggestion
from mnclient.model.status import BindingCacheStatus, Phase, Status
from mnclient.units import Instant, Seconds
from service.codec import CodecError, from_plain, from_variants, to_plain, to_variants
from tests.service.fake_core import ADDRESS, AWAY, HOME, SERVING

NUMBERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
TIMES = st.floats(allow_nan=False)  # no two not-a-numbers are equal
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))  # what D-Bus text can hold
NETWORKS = st.builds(
    lambda address, length: IPv6Network((address, length), strict=False),
    st.integers(min_value=0, max_value=2**128 - 1),
    st.integers(min_value=0, max_value=128),
)

st.register_type_strategy(Seconds, TIMES)
st.register_type_strategy(Instant, TIMES)


def values_of(kind):
    """Values of a dataclass, every field drawn, also those with a default."""
    return st.builds(kind, **{name: of_type(hint) for name, hint in get_type_hints(kind).items()})


def of_type(hint):
    simple = {int: NUMBERS, float: TIMES, str: TEXTS, IPv6Network: NETWORKS, bytes: st.binary(max_size=8)}
    if hint in simple:
        return simple[hint]
    if is_dataclass(hint):
        return values_of(hint)
    arguments = get_args(hint)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        each = st.tuples(*map(of_type, get_args(arguments[0]))) if get_args(arguments[0]) else of_type(arguments[0])
        return st.lists(each, max_size=2).map(tuple)
    if arguments[:1] == (str,):
        return st.dictionaries(TEXTS, of_type(arguments[1]), max_size=3)
    if type(None) in arguments:
        return st.none() | st.one_of(*(of_type(each) for each in arguments if each is not type(None)))
    return st.from_type(hint)


STATUSES = values_of(ServiceStatus)


@given(STATUSES)
@settings(max_examples=60, deadline=None)
def test_round_trip_through_json(value):
    assert from_plain(ServiceStatus, json.loads(json.dumps(to_plain(value)))) == value


@given(STATUSES)
@settings(max_examples=60, deadline=None)
def test_round_trip_through_the_bus(value):
    assert from_plain(ServiceStatus, over_the_bus(value)) == value


def over_the_bus(value):
    variants = to_variants(to_plain(value))
    message = Message.new_signal("/a", "a.b", "C", "a{sv}", [variants])
    message.serial = 1
    assert bytes(message._marshall(False))  # the types fit: the marshaller checks them
    return from_variants(message.body[0])


@pytest.mark.parametrize("value", [AWAY, SERVING])
def test_round_trip_of_a_real_status(value):
    assert from_plain(ServiceStatus, over_the_bus(value)) == value


def test_the_plain_form():
    plain = to_plain(AWAY)
    assert plain["engine"]["phase"] == "registered"
    assert plain["engine"]["home_addresses"][0]["address"] == "2001:db8:1::10"
    assert plain["engine"]["home_addresses"][0]["prefix"] == "2001:db8:1::/64"
    assert plain["known_home_agents"][0]["link_layer_address"] == "02:00:00:00:00:99"
    assert plain["handovers"][0]["stages"][0] == ["link_down", 900.0]
    assert "verified" not in plain["engine"]["home_addresses"][0]


def test_a_newer_service_is_understood():
    plain = to_plain(AWAY)
    plain["mood"] = "excellent"
    plain["engine"]["counters"]["new"] = 1
    plain["engine"]["problems"].append({"code": "a-problem-of-the-future", "subject": "x"})
    expected = replace(AWAY, engine=replace(AWAY.engine, counters={**AWAY.engine.counters, "new": 1}))
    assert from_plain(ServiceStatus, plain) == expected


def test_an_older_service_is_understood():
    plain = to_plain(AWAY)
    del plain["proposals"]
    del plain["engine"]["counters"]
    read = from_plain(ServiceStatus, plain)
    assert read.proposals == ()
    assert read.engine.counters == {}


@pytest.mark.parametrize(
    "kind, plain, complaint",
    [
        (Status, {"now": 1.0}, "came without phase"),
        (Status, {"now": "soon", "phase": "off"}, "'soon' was not expected"),
        (Status, {"now": True, "phase": "off"}, "True was not expected"),
        (Status, {"now": 1.0, "phase": "levitating"}, "not a Phase"),
        (Status, [], "was not expected"),
        (IPv6Address, "2001:db8::10000", "cannot be read"),
        (bytes, "0g", "cannot be read"),
        (tuple[int, str], [1], "cannot be read"),
        (Phase, None, "not a Phase"),
    ],
)
def test_nonsense_is_refused_in_words(kind, plain, complaint):
    with pytest.raises(CodecError, match=complaint):
        from_plain(kind, plain)


def test_types_that_would_be_ambiguous_are_refused():
    @dataclass(frozen=True)
    class Ambiguous:
        value: int | None = 3

    @dataclass(frozen=True)
    class Either:
        value: int | str

    for kind in (Ambiguous, Either, set):
        with pytest.raises(TypeError):
            from_plain(kind, {})
    with pytest.raises(TypeError):
        to_plain({1, 2})
    with pytest.raises(TypeError):
        to_variants(to_plain([1]))


@pytest.mark.parametrize("module", [status, service_status, handover, problems])
def test_every_model_type_has_a_plain_form(module):
    kinds = [each for each in vars(module).values() if isinstance(each, type) and is_dataclass(each)]
    assert kinds
    for kind in kinds:
        with pytest.raises(CodecError):
            from_plain(kind, None)  # a TypeError would mean that the type itself is not understood


def test_infinity_travels():
    problem = Problem(code=ProblemCode.NO_IPV6, since=Instant(math.inf))
    assert from_plain(Problem, over_the_bus(problem)) == problem


def test_no_field_is_forgotten():
    suggestion = Suggestion(address=ADDRESS, prefix=HOME, home_agent=ADDRESS, interface="eth0", reason="EUI-64")
    assert set(to_plain(suggestion)) == {each.name for each in fields(suggestion)}
    assert from_plain(tuple[BindingCacheStatus, ...], []) == ()
