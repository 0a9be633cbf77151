# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel: IPv6, tunnels, encryption, and the settings under /proc/sys that get in the way."""

from collections.abc import Iterable, Iterator, Mapping

from mnclient.constants import INTERFACE_PREFIX
from mnclient.model.keys import KeyKind
from mnclient.model.problems import DECLARATIONS, ProblemCode
from service.doctor.facts import AS_ROOT, KEYS_UNKNOWN, ONLY_ROOT, Facts, NetworkFacts
from service.doctor.verdict import Check, Group

_KERNEL = Group("kernel")
_SETTINGS = Group("settings of the kernel")
_EVERY = ("all", "default", "lo")


def kernel(facts: Facts) -> Iterator[Check]:
    """What it can do."""
    found = facts.kernel
    if found.ipv6:
        remedy = DECLARATIONS[ProblemCode.NO_IPV6].remedy
        yield _KERNEL.failed("IPv6", f"There is none: {found.ipv6}.", remedy)
    else:
        yield _KERNEL.ok("IPv6", f"Linux {found.release} has it, and it is on.")
    yield _datapath(facts)
    if found.nft:
        reason = f"The kernel answers what only this program understands: {found.nft}."
        yield _KERNEL.warning("nftables", reason, "Install the package nftables.")
    else:
        yield _KERNEL.ok("nftables", "The program nft is there.")
    yield _encryption(facts)
    if found.address_protocol:
        reason = f"After a crash, addresses of ours cannot be told from others: {found.address_protocol}."
        yield _KERNEL.warning("marks", reason, "Use a newer kernel, if you can.")
    else:
        yield _KERNEL.ok("marks", "What is ours in the network can be told from everything else.")


def _datapath(facts: Facts) -> Check:
    found = facts.kernel
    if not found.is_known:
        return _KERNEL.no_matter("datapath", f"Whether the kernel can carry tunnels: {ONLY_ROOT}.", AS_ROOT)
    if found.datapath == "kernel":
        return _KERNEL.ok("datapath", "The kernel carries the tunnels.")
    if found.tun:
        remedy = "Load the module: modprobe tun. In a container, let it have /dev/net/tun."
        reason = f"Neither the kernel carries tunnels ({found.datapath_reason}), nor can this program: {found.tun}."
        return _KERNEL.failed("datapath", reason, remedy)
    return _KERNEL.ok("datapath", f"This program carries the tunnels (portable): {found.datapath_reason}.")


def _encryption(facts: Facts) -> Check:
    needs_it = facts.uses(KeyKind.ESP)
    if not needs_it:
        return _KERNEL.no_matter("ESP", KEYS_UNKNOWN if needs_it is None else "No key of this machine is for ESP.")
    if facts.kernel.esp:
        remedy = "Load the module: modprobe esp6. Or use a key of the other kind: mnctl keys set --kind rfc4285."
        reason = f"There are keys for ESP, and the kernel cannot use them: {facts.kernel.esp}."
        return _KERNEL.failed("ESP", reason, remedy)
    return _KERNEL.ok("ESP", "The kernel encrypts.")


def settings(facts: Facts) -> Iterator[Check]:
    """What somebody may have set under /proc/sys/net/ipv6."""
    if not facts.network.settings:
        yield _SETTINGS.no_matter("IPv6 on interfaces", "There is no IPv6 to have settings.")
        return
    yield _switched_off(facts.network)
    yield _advertisements(facts)
    yield _forwarding(facts)


def _switched_off(network: NetworkFacts) -> Check:
    names = [name for name in network.settings if name not in _EVERY and not name.startswith(INTERFACE_PREFIX)]
    off = [name for name in names if network.settings[name].get("disable_ipv6") == "1"]
    if not off:
        return _SETTINGS.ok("IPv6 on interfaces", "It is switched off on none.")
    reason = f"IPv6 is switched off on {_listed(off)}."
    remedy = "; ".join(f"sysctl net.ipv6.conf.{name.replace('.', '/')}.disable_ipv6=0" for name in sorted(off))
    if len(off) == len(names):
        return _SETTINGS.failed("IPv6 on interfaces", reason, f"Switch it on: {remedy}.")
    return _SETTINGS.warning("IPv6 on interfaces", reason, f"If one of them is to be used: {remedy}.")


def _advertisements(facts: Facts) -> Check:
    """This program hears advertisements by itself. What the kernel makes of them is the way before it is registered."""
    name, network = "Router Advertisements", facts.network
    if facts.service.mobile_node is False:
        return _SETTINGS.no_matter(name, "This machine is no mobile node.")
    deaf = [
        interface
        for interface, values in network.settings.items()
        if interface not in _EVERY and not interface.startswith(INTERFACE_PREFIX) and _is_deaf(values)
    ]
    if network.has_default_route or not deaf:
        return _SETTINGS.ok(name, "Programs have a way out, or get one from the next advertisement.")
    reason = f"The kernel ignores them on {_listed(deaf)}, and there is no default route: before the first registration"
    remedy = "Let your network manager configure IPv6 there, or: sysctl net.ipv6.conf.INTERFACE.accept_ra=2."
    return _SETTINGS.warning(name, f"{reason} programs have no way out.", remedy)


def _is_deaf(values: Mapping[str, str]) -> bool:
    accept, forwards = values.get("accept_ra"), values.get("forwarding") == "1"
    return values.get("disable_ipv6") != "1" and (accept == "0" or (accept == "1" and forwards))


def _forwarding(facts: Facts) -> Check:
    if facts.service.home_agent is None:
        return _SETTINGS.no_matter("forwarding", "Whether this machine is a home agent is not known.")
    if not facts.service.home_agent:
        return _SETTINGS.no_matter("forwarding", "Only a home agent must forward, and this machine is none.")
    status = facts.service.status
    role = status.engine.home_agent if status is not None else None
    wanted = ["all", *(link.interface for link in role.links if link.interface)] if role is not None else ["all"]
    values = facts.network.settings
    off = [name for name in wanted if name in values and values[name].get("forwarding") == "0"]
    if not off:
        return _SETTINGS.ok("forwarding", "This home agent forwards.")
    remedy = "; ".join(f"sysctl net.ipv6.conf.{name}.forwarding=1" for name in off)
    reason = f"Forwarding is off ({_listed(off)}): packets of absent laptops end here."
    if status is None:
        return _SETTINGS.warning("forwarding", reason, "The service switches it on when it runs.")
    return _SETTINGS.failed("forwarding", reason, f"Somebody switched it off again; switch it on: {remedy}.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
