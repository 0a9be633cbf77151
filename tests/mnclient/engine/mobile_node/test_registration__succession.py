# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node with a new IPsec key beside the one before: it registers with the new one, and hears either."""

from dataclasses import replace

from mnclient.model.status import HomeAddressState as State
from tests.mnclient.engine.mobile_node.script import ack, config, home, only, updates
from tests.mnclient.engine.mobile_node.test_registration__protected import MINE, keyed, ra_a, under

NEW = replace(MINE, spi_in=MINE.spi_in + 5, spi_out=MINE.spi_out + 5, secret=bytes(range(20)))


def registered():
    script = keyed()
    script.give(under(MINE, ack(only(updates(script.give(ra_a()))))))
    assert script.where is State.REGISTERED and script.home_address().accepted_spi == MINE.spi_out
    return script


def rotated(script, *retiring):
    return script.configure(config(replace(home(), association=NEW, retiring=retiring), allow=False))


def protection(script):
    (signalling,), (tunnel,) = script.state.protected_signalling, script.state.protected_tunnels
    return (signalling.association, signalling.also), (tunnel.association, tunnel.also)


def test_it_registers_with_the_new_one_and_the_tunnel_takes_both():
    script = registered()
    assert protection(script) == ((MINE, ()), (MINE, ()))
    update = only(updates(rotated(script, MINE)))
    assert update.protection == NEW.protection
    assert protection(script) == ((NEW, ()), (NEW, (MINE,)))
    script.give(under(MINE, ack(update)))
    assert script.home_address().accepted_spi == MINE.spi_out, "an answer under the old one proves nothing of the new"
    script.give(under(NEW, ack(update)))
    assert script.where is State.REGISTERED and script.home_address().accepted_spi == NEW.spi_out


def test_the_old_one_goes_without_another_registration():
    script = registered()
    script.give(under(NEW, ack(only(updates(rotated(script, MINE))))))
    assert updates(rotated(script)) == []
    assert protection(script) == ((NEW, ()), (NEW, ()))


def test_it_goes_back_when_the_new_one_is_taken_away():
    script = registered()
    rotated(script, MINE)
    script.pass_time(1.5)
    actions = script.configure(config(replace(home(), association=MINE), allow=False))
    assert [each.protection for each in updates(actions)] in ([MINE.protection], [])
    assert protection(script) == ((MINE, ()), (MINE, ()))
