# SPDX-License-Identifier: GPL-2.0-or-later
"""From one key to another in the kernel, step by step: at no step is missing what a policy asks for.

The kernel is a pretended one that remembers, because what counts is the order. The lab tries a real one.
"""

import errno
import socket
import struct
from dataclasses import replace

import pytest

from mnclient.network import xfrm
from mnclient.network.kernel import direct
from mnclient.network.kernel.direct import DirectRoutes
from mnclient.network.rtnetlink import DONE, Answer, attributes
from mnclient.network.xfrm_esp import EspState, read_esp
from tests.mnclient.network.kernel.test_protection import FAR_TUNNEL, SERVING, TUNNEL
from tests.mnclient.network.kernel.test_protection__succession import NEW_AT_HOST, NEW_AT_LAPTOP

AGENTS = [SERVING, FAR_TUNNEL, replace(FAR_TUNNEL, payload=True)]
LAPTOPS = [TUNNEL, replace(TUNNEL, payload=True)]
CASES = [(each, NEW_AT_HOST) for each in AGENTS] + [(each, NEW_AT_LAPTOP) for each in LAPTOPS]


class Kernel:
    """States and policies. `lacking` counts steps after which a policy had no state to its taste; `steps` all."""

    port = 1

    def __init__(self):
        self.states, self.policies = {}, {}
        self.lacking = self.steps = 0

    def request(self, messages):
        (message,) = messages
        answer = self._do(message)
        self.steps += 1
        self.lacking += not all(self._is_met(each) for each in self.policies.values())
        return [answer]

    def get(self, question):
        if question.type == xfrm.XFRM_MSG_GETSA:
            return self.states.get(_named(question.body))
        return next((body for body in self.policies.values() if _head(body) == _head(question.body)), None)

    def close(self):
        pass

    def esp(self):
        return [found for body in self.states.values() if (found := read_esp(body)) is not None]

    def fail(self, state, times):
        """So many packets did not pass the check of their integrity."""
        body = bytearray(self.states[_identity(state)])
        struct.pack_into("=III", body, xfrm.STATE_REST, 0, 0, times)
        self.states[_identity(state)] = bytes(body)

    def _do(self, message):
        match message.type:
            case xfrm.XFRM_MSG_NEWSA:
                found = read_esp(message.body) or xfrm.read_state(message.body)
                where = _identity(found)
                if where in self.states:
                    return Answer(errno.EEXIST)
                self.states[where] = message.body
            case xfrm.XFRM_MSG_DELSA:
                del self.states[_named(message.body)]
            case xfrm.XFRM_MSG_NEWPOLICY | xfrm.XFRM_MSG_UPDPOLICY:
                policy = xfrm.read_policy(message.body)
                where = policy.direction, policy.selector
                if where in self.policies and message.type == xfrm.XFRM_MSG_NEWPOLICY:
                    return Answer(errno.EEXIST)
                self.policies[where] = message.body
            case _:
                raise AssertionError(f"a message of the type {message.type}")
        return DONE

    def _is_met(self, body):
        wanted = [each for each in xfrm.read_policy(body).templates if each.protocol == xfrm.ESP]
        return all(any(_suits(state, each) for state in self.esp()) for each in wanted)


def _suits(state, template):
    ends = (state.source, state.destination, state.mode) == (template.source, template.destination, template.mode)
    return ends and template.spi in (0, state.spi)


def _identity(state):
    if isinstance(state, EspState):
        return xfrm.ESP, state.destination.packed, state.spi, b""
    return state.protocol, state.destination.packed, 0, state.source.packed


def _named(body):
    destination, spi, _, protocol = xfrm.STATE_ID.unpack_from(body)
    source = b"" if protocol == xfrm.ESP else attributes(body, xfrm.STATE_ID.size)[xfrm.XFRMA_SRCADDR]
    return protocol, destination, socket.ntohl(spi), source


def _head(body):
    return body[: xfrm.SELECTOR.size]


@pytest.fixture
def kernel(monkeypatch):
    made = Kernel()
    monkeypatch.setattr(direct, "XfrmSocket", lambda: made)
    return made


def begin(item):
    routes = DirectRoutes()
    assert routes.set(item, None) == DONE
    return routes


@pytest.mark.parametrize("item, new", CASES)
def test_nothing_waits_at_any_step(kernel, item, new):
    old = item.association
    routes = begin(item)
    kernel.lacking = kernel.steps = 0
    both, switched, after = (
        replace(item, also=(new,)),
        replace(item, association=new, also=(old,)),
        replace(item, association=new),
    )
    for before, now in ((item, both), (both, switched), (switched, after)):
        assert routes.set(now, before) == DONE
    assert kernel.steps > 6 and kernel.lacking == 0
    assert {each.spi & 0x7FFF_FFFF for each in kernel.esp()} == {new.spi_in, new.spi_out}


@pytest.mark.parametrize("item, new", CASES)
def test_at_once_at_the_end_that_is_told_last(kernel, item, new):
    """The laptop goes from one key to the other in one step, and keeps the first for what is under way."""
    routes = begin(item)
    kernel.lacking = 0
    assert routes.set(replace(item, association=new, also=(item.association,)), item) == DONE
    assert kernel.lacking == 0


@pytest.mark.parametrize("item, new", CASES)
def test_what_stays_is_left_alone(kernel, item, new):
    """A state that is made anew loses what comes meanwhile, and its sequence number goes on with a margin only."""
    both = replace(item, also=(new,))
    routes = begin(both)
    bodies = dict(kernel.states)
    assert routes.set(replace(item, association=new, also=(item.association,)), both) == DONE
    assert all(kernel.states[each] is body for each, body in bodies.items())


def test_what_somebody_has_taken_away_is_put_back(kernel):
    both = replace(SERVING, also=(NEW_AT_HOST,))
    routes = begin(both)
    there = set(kernel.states)
    kernel.states.clear()
    assert routes.set(both, both) == DONE
    assert set(kernel.states) == there


def test_packets_that_did_not_fit_a_key_are_counted_for_a_home_agent_alone(kernel):
    """Under each key of a home address that is let in."""
    routes = begin(replace(SERVING, association=NEW_AT_HOST, also=(SERVING.association,)))
    home_address = SERVING.association.home_address
    assert dict(routes.failures()) == {home_address: 0}
    incoming = [each for each in kernel.esp() if each.mark]
    assert len(incoming) == 2
    for state in incoming:
        kernel.fail(state, 3)
    assert dict(routes.failures()) == {home_address: 6}


def test_a_laptop_counts_none(kernel):
    routes = begin(TUNNEL)
    for state in kernel.esp():
        kernel.fail(state, 3)
    assert kernel.esp() and not routes.failures()
