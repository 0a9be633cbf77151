# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's beginning and its villain: an invitation pairs the two, and who has no key moves nothing."""

from ipaddress import IPv6Address

from mnclient.model.keys import KeyKind
from tests.lab import hostile, settings
from tests.lab.demo_story import Story
from tests.lab.hostile import Stranger
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.pairing import GUEST, best_kind, invite, join
from tests.lab.service import Service
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS
from tests.lab.trial import counters

IN_WORDS = {
    KeyKind.ESP: "IPsec: every registration is encrypted and proves itself (ESP)",
    KeyKind.RFC4285: "every registration carries a proof (RFC 4285), because there is no IPsec on this path",
}
REFUSED = "bu.discarded.unprotected"
FORGED_SEQUENCE = 20_000  # newer than any the laptop has used


class Pairing:
    """Home agent and laptop, neither of which goes without a key."""

    def __init__(self, lab: Lab, roaming: Household, story: Story) -> None:
        self._lab, self._roaming, self._story = lab, roaming, story
        self.kind: KeyKind | None = None

    def start_home_agent(self) -> Service:
        """The home agent, which believes nobody yet."""
        self._story.chapter("A home agent starts on the home link. It believes nobody without a key")
        agent = self._lab.start_home_agent(settings.protected(settings.home_agent()))
        self._story.say("it tells everybody on its link, in Router Advertisements, that it is one (the H flag)")
        return agent

    def start_laptop(self, agent: Service, extra: str) -> None:
        """The laptop, which knows nothing."""
        self._story.chapter("A laptop starts there. It knows nothing: no home address, no home agent, no key")
        self._roaming.adopt(agent, self._lab.start_laptop(settings.newcomer(extra)))

    def pair(self) -> IPv6Address:
        """One invitation, made and taken; the home address that it is for."""
        self._story.chapter("The home agent's administrator lets the laptop in, with one file")
        file = self._lab.folder / f"{GUEST}.mnclient-invitation"
        agent, laptop = self._roaming.home_agent, self._roaming.laptop
        kind = best_kind(agent, laptop)
        invitation = invite(agent, file, kind)
        self._story.good(f"mnctl invite {GUEST}: an address and a secret key, in {file.name}")
        self._story.say("the laptop takes it (before it uses the address, it asks whether somebody has it: a second)")
        join(laptop, file)
        self._story.good(f"mnctl join {file.name}: the home agent is known, the key is installed, the address works")
        file.unlink()
        self.kind = kind
        self._story.say(IN_WORDS[kind])
        assert invitation.home_address is not None
        return invitation.home_address

    def is_protected(self, address: IPv6Address) -> bool:
        """Whether the laptop's registration of this address is protected, with the key of the invitation."""
        now = self._roaming.status()
        keys = {each.home_address: each.kind for each in now.keys}
        states = {each.address: each.protected for each in now.engine.home_addresses}
        return states.get(address) is True and keys.get(address) is self.kind

    def stranger_is_refused(self, address: IPv6Address) -> bool:
        """Somebody without the key says that he is the laptop; whether nothing comes of it."""
        agent, before = self._roaming.home_agent, self._roaming.bound()
        refused = counters(agent).get(REFUSED, 0)
        with Stranger(self._lab.correspondent, "core0") as stranger:
            stranger.send(forged_registration(address))
            self._lab.eventually(
                lambda: counters(agent).get(REFUSED, 0) > refused, within=5.0, what="the home agent has refused it"
            )
            answers = [each for each in map(hostile.told, stranger.received()) if each.startswith("BA")]
        return not answers and str(address) in before and self._roaming.bound() == before


def forged_registration(address: IPv6Address) -> bytes:
    """A Binding Update without any proof, by which the correspondent would get the packets of a home address."""
    data = hostile.update(FORGED_SEQUENCE, options=hostile.alternate_care_of(CORRESPONDENT_ADDRESS))
    message = hostile.mobility(hostile.BU, data, address, HOME_AGENT_ADDRESS)
    option = hostile.home_option(hostile.MOBILITY, address)
    return hostile.ipv6(CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS, hostile.DESTINATION_OPTIONS, option + message)
