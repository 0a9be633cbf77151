# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a link that says it is home is believed, where there is a key (docs/adr/0058-trust-in-home-agents.md).

Router Advertisements prove nothing, and a hardware address can be forged. RFC 6275 section 11.5.2 lets any of them
decide that a node is home; it does not say that the node must believe them. So a home address with a key is home only
when its home agent has answered there under that key. It asks by the de-registration that coming home begins with.
Until the answer the binding stays, and nothing but the question leaves for that link.

A link is disbelieved, until it is plugged in anew,

- if a registration from a care-of address on it stands, and the router that the address is from now says that this is
  home as well: nothing was moved, so there is nothing to come home from;
- if nobody answers, and the home address could be somewhere else.

It is asked again when the home address can be nowhere else any more. A link changes without a sign, too: who said
nothing need not have been there, and asking gives nothing away.
"""

from collections.abc import Iterable, Sequence

from mnclient.engine.mobile_node.attachment import Outlook, claims_to_be_home
from mnclient.engine.mobile_node.home_registration import HomeRegistration
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.registration import SILENT_AFTER
from mnclient.model.config import HomeAddressConfig
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant


def judge(
    registrations: Iterable[HomeRegistration],
    links: Sequence[Link],
    homes: tuple[HomeAddressConfig, ...],
    now: Instant,
) -> None:
    """Mark the links that are not to be taken for home, before anything is decided by them, and unmark the last hope.

    All of them are looked at before any is marked: no link is kept out for another one that is unmarked with it.
    """
    for registration in registrations:
        if not registration.must_prove_home:
            continue
        address = registration.home.address
        suspects = [link for link in links if _is_suspect(registration, link, now)]
        verdicts = [(link, _could_be_elsewhere(registration, link, links, homes, now)) for link in suspects]
        for link, is_denied in verdicts:
            if not is_denied:
                link.disbelieved.discard(address)
            elif address not in link.disbelieved:
                link.disbelieved.add(address)
                registration.context.count("home.disbelieved")


def _is_suspect(registration: HomeRegistration, link: Link, now: Instant) -> bool:
    """Whether a link that says it is home is not believed, or is not to be from now on."""
    if not claims_to_be_home(link, registration.home, now):
        return False
    is_marked = registration.home.address in link.disbelieved
    return is_marked or _stands_there(registration, link, now) or _is_silent(registration, link)


def _stands_there(registration: HomeRegistration, link: Link, now: Instant) -> bool:
    """Whether it is registered from the link, with an address that its present router still serves."""
    place, router = registration.place, link.current
    if place is None or place.care_of is None or place.interface != link.name or router is None:
        return False
    serves = any(each.network == place.prefix for each in router.care_of_prefixes(now))
    return registration.state is State.REGISTERED and serves


def _is_silent(registration: HomeRegistration, link: Link) -> bool:
    """Whether the home agent was asked there, and did not answer."""
    place = registration.place
    if place is None or not place.is_home or place.interface != link.name:
        return False
    return registration.state is State.RETURNING and registration.unanswered >= SILENT_AFTER


def _could_be_elsewhere(
    registration: HomeRegistration,
    link: Link,
    links: Sequence[Link],
    homes: tuple[HomeAddressConfig, ...],
    now: Instant,
) -> bool:
    """Whether it has another place: another prefix, another router of a link that is no home, another interface."""
    others = Outlook(tuple(each for each in homes if each.address != registration.home.address), now)
    if any(each.network != registration.home.prefix for each in others.care_of_prefixes(link)):
        return True
    everywhere = Outlook(homes, now)
    if everywhere.more_useful_router(link) is not None:
        return True
    rest = [each for each in links if each is not link]
    return any(everywhere.is_home(each, registration.home) or everywhere.care_of_prefixes(each) for each in rest)
