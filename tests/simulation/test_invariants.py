# SPDX-License-Identifier: GPL-2.0-or-later
"""What may pass for newer at a correspondent when a laptop crashed, and what may not."""

from dataclasses import replace
from ipaddress import IPv6Address
from types import SimpleNamespace

import pytest

from mnclient.constants import MAX_NONCE_LIFETIME
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import DeadlineReached, MalformedReceived, PacketReceived
from mnclient.errors import WireFault
from mnclient.model.config import CorrespondentNodeConfig, HomeAgentConfig, NodeConfig
from mnclient.model.status import BindingCacheStatus, BindingUpdateStatus
from mnclient.model.stored_binding import Stored
from mnclient.units import Instant, Seconds, after
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.packet import Packet
from tests.simulation import addresses
from tests.simulation.clock import Clock
from tests.simulation.host import LATEST
from tests.simulation.invariants import REPEATED_WITHIN, Broken, Invariants
from tests.simulation.links import LONGEST_DELAY

SERVER = addresses.correspondent(0)
HOME = addresses.home_address(0, 0)
BEFORE, SINCE = IPv6Address("2001:db8:20::1"), IPv6Address("2001:db8:21::1")
LOST, FIRST = 17562, 13542  # the number of what was lost before the crash, and the first one after it
CORRESPONDENT = NodeConfig(correspondent_node=CorrespondentNodeConfig())
HOME_AGENT = NodeConfig(home_agent=HomeAgentConfig())
LIFETIME = Seconds(100.0)


class Story:
    """A laptop and a server that are what is said of them; the invariants are told of it."""

    def __init__(self, config: NodeConfig = CORRESPONDENT) -> None:
        self.clock, self.invariants = Clock(), Invariants()
        self.bindings: tuple[BindingCacheStatus, ...] = ()
        self.believed: tuple[BindingUpdateStatus, ...] = ()
        self.laptop = SimpleNamespace(name="laptop", clock=self.clock, engine=self)
        self.server = SimpleNamespace(
            name="server", address=SERVER, clock=self.clock, engine=self, config=config, longest_lifetime=420.0, ways={}
        )
        self.invariants.owners[HOME] = self.laptop
        self.invariants.servers[SERVER] = self.server

    def binding_cache(self, now: Instant) -> tuple[BindingCacheStatus, ...]:
        """As the engine of the server."""
        return self.bindings

    def status(self, now: Instant) -> SimpleNamespace:
        """As the engine of the laptop."""
        return SimpleNamespace(binding_update_list=self.believed)

    def send(self, sequence: int, care_of: IPv6Address, lifetime: Seconds = LIFETIME) -> None:
        """The laptop sends a Binding Update."""
        self.clock.run_until(self.clock.now + 1.0)
        update = BindingUpdate(sequence=sequence, lifetime=lifetime, acknowledge=True, home_registration=False)
        packet = Packet(source=care_of, destination=SERVER, message=update, home_address=HOME)
        self.invariants.sent(self.laptop, SendPacket(packet=packet))

    def accept(self, sequence: int, care_of: IPv6Address, lifetime: Seconds = LIFETIME) -> None:
        """The server has the binding that it asks for, and the kernel knows."""
        binding = BindingCacheStatus(
            home_address=HOME,
            care_of_address=care_of,
            sequence=sequence,
            lifetime=lifetime,
            expires=after(self.clock.now, lifetime),
            home_registration=False,
        )
        self.set(binding)

    def set(self, *bindings: BindingCacheStatus) -> None:
        """What the server has now."""
        self.bindings = bindings
        self.server.ways = {each.home_address: each.care_of_address for each in bindings}
        self.invariants.after(self.server, DeadlineReached())

    def crash(self) -> None:
        """The laptop is gone, and comes again."""
        self.clock.run_until(self.clock.now + 1.0)
        self.invariants.crashed(self.laptop)

    def believe(self, sequence: int, care_of: IPv6Address) -> None:
        """The laptop has heard that it was accepted, and hears of something else."""
        entry = BindingUpdateStatus(
            destination=SERVER,
            home_address=HOME,
            care_of_address=care_of,
            sequence=sequence,
            lifetime=LIFETIME,
            expires=after(self.clock.now, LIFETIME),
            acknowledged=True,
            home_registration=False,
        )
        self.believed = (entry,)
        self.hear(0, sequence)

    def hear(self, status: int = 135, sequence: int = LOST) -> None:
        """The laptop gets a Binding Acknowledgement."""
        message = BindingAcknowledgement(status=status, sequence=sequence, lifetime=LIFETIME)
        packet = Packet(source=SERVER, destination=SINCE, message=message, routing_home_address=HOME)
        self.invariants.after(self.laptop, PacketReceived(interface="eth0", packet=packet))


def overtaken(
    config: NodeConfig = CORRESPONDENT, *, lost: int = LOST, crashes: bool = True, forgets: bool = False
) -> Story:
    """A Binding Update was lost, and another one, of another number, was accepted; `forgets`: nothing was on disk."""
    story = Story(config)
    story.send(lost, BEFORE)
    if crashes:
        story.crash()
    if forgets:
        story.invariants.restarted(story.laptop, Stored())
    story.send(FIRST, SINCE)
    story.accept(FIRST, SINCE)
    return story


def test_what_was_lost_before_a_crash_passes_for_newer_while_its_nonces_live():
    """Found by simulation: it was allowed only before anything was accepted after the crash."""
    story = overtaken()
    story.clock.run_until(story.clock.now + MAX_NONCE_LIFETIME - 3.0)
    story.accept(LOST, BEFORE)
    story.send(LOST + 1, SINCE)  # what the answer says is adopted (status 135)
    story.accept(LOST + 1, SINCE)
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(LOST, BEFORE)


def test_numbers_of_several_runs_may_lead_around():
    """Found by simulation with many crashes: each is newer than the one before it, and the last one than the first."""
    story = Story()
    for number in (28315, 42191):
        story.send(number, BEFORE)
        story.crash()
    for number in (658, 659):
        story.send(number, SINCE)
        story.accept(number, SINCE)
    for number, care_of in ((28315, BEFORE), (42191, BEFORE), (658, SINCE)):
        story.accept(number, care_of)


def test_nothing_passes_for_newer_once_its_nonces_are_dead():
    story = overtaken()
    story.clock.run_until(story.clock.now + MAX_NONCE_LIFETIME)
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(LOST, BEFORE)


def test_what_is_older_by_its_number_never_passes():
    story = overtaken(lost=FIRST - 1)
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(FIRST - 1, BEFORE)


def test_a_number_that_was_refused_counts():
    """It was newer than what was lost, so that cannot pass any more."""
    story = overtaken()
    story.send(LOST + 5, SINCE)
    story.set(replace(story.bindings[0], sequence=LOST + 5))
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(LOST, BEFORE)


def test_without_a_crash_nothing_passes_for_newer():
    story = overtaken(crashes=False)
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(LOST, BEFORE)


def test_nothing_from_before_a_crash_passes_at_a_home_agent():
    """There a laptop goes on with its numbers, and leaves out some."""
    story = overtaken(HOME_AGENT)
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(LOST, BEFORE)


def test_what_was_on_its_way_at_a_crash_before_the_first_number_was_kept_passes_at_a_home_agent():
    """Found by simulation: 0.05 s after the first home registration the laptop began at random again."""
    story = overtaken(HOME_AGENT, forgets=True)
    for _ in range(2):  # provisionally, and for good when duplicate detection has ended
        story.clock.run_until(story.clock.now + 1.0)
        story.accept(LOST, BEFORE)
    story.send(LOST + 1, SINCE)
    story.accept(LOST + 1, SINCE)
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(LOST, BEFORE)


def test_nothing_passes_at_a_home_agent_when_the_network_has_forgotten_it():
    story = overtaken(HOME_AGENT, forgets=True)
    story.clock.run_until(story.clock.now + LONGEST_DELAY + REPEATED_WITHIN)
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(LOST, BEFORE)


def test_a_correspondent_that_crashed_too_has_no_nonces_of_before():
    story = overtaken()
    story.invariants.restarted(story.server, Stored())
    story.set()
    with pytest.raises(Broken, match="an old Binding Update"):
        story.accept(LOST, BEFORE)


@pytest.mark.parametrize("crashes", [True, False])
def test_a_laptop_cannot_know_that_it_was_undone_by_a_deletion_from_before_its_crash(crashes):
    story = Story()
    story.send(LOST, HOME, Seconds(0.0))
    if crashes:
        story.crash()
    story.send(FIRST, SINCE)
    story.accept(FIRST, SINCE)
    story.believe(FIRST, SINCE)
    story.set()
    if crashes:
        story.hear()
        return
    with pytest.raises(Broken, match="believes in a binding"):
        story.hear()


def test_a_laptop_cannot_know_that_it_was_overtaken_from_before_its_crash():
    story = overtaken()
    story.believe(FIRST, SINCE)
    story.accept(LOST, BEFORE, Seconds(4.0))
    story.hear()


@pytest.mark.parametrize("acknowledged", [2, 3])
def test_an_answer_from_before_a_crash_of_the_home_agent_is_believed_while_a_repetition_is_on_its_way(acknowledged):
    """Found by simulation: the repetition was taken for what was answered."""
    story = Story(HOME_AGENT)
    story.send(1, SINCE)
    story.accept(1, SINCE)
    on_disk = story.bindings[0]
    story.send(2, SINCE)
    story.accept(2, SINCE)
    story.clock.run_until(story.clock.now + 0.1)
    story.invariants.restarted(story.server, Stored())
    story.set(on_disk)
    story.send(3, SINCE)
    if acknowledged == 2:
        story.believe(2, SINCE)
        return
    with pytest.raises(Broken, match="believes in a binding"):
        story.believe(3, SINCE)


@pytest.mark.parametrize("late, is_broken", [(LATEST / 2, False), (LATEST * 2, True)])
def test_what_is_malformed_may_come_between_the_end_of_a_binding_and_its_being_noticed(late, is_broken):
    """Found by simulation: it reaches no role, and the alarm of the deadline was still to come."""
    story = Story()
    story.send(1, SINCE)
    story.accept(1, SINCE)
    story.clock.run_until(story.bindings[0].expires + late)
    event = MalformedReceived(
        interface="core0", source=SINCE, destination=SERVER, fault=WireFault.TRUNCATED, pointer=0, original=b""
    )
    if is_broken:
        with pytest.raises(Broken, match="past its end"):
            story.invariants.after(story.server, event)
    else:
        story.invariants.after(story.server, event)
    with pytest.raises(Broken, match="past its end"):
        story.invariants.after(story.server, DeadlineReached())
