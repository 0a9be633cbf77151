# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels in user space: packets from TUN devices go out in IPv6, and packets in IPv6 come in to the TUN devices.

RFC 2473 as RFC 6275 uses it (sections 10.4.2, 10.4.5, 11.3.1, 11.3.3). The device is an ordinary hop for the kernel, so
the hop limit of a forwarded inner packet is decremented by the kernel before it comes here, and not again.

What comes in is accepted only from the tunnel's other end, at one of its local addresses, and only for its home
address: at the mobile node the inner destination, at the home agent the inner source. Everything else is counted and
dropped. Nothing of link-local scope, and no multicast below global scope, enters or leaves a tunnel (section 10.4.2).
"""

import asyncio
import errno
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any, Final

from mnclient.constants import (
    IPV6_HEADER_LENGTH,
    TUNNEL_DEVICE_HOME_AGENT,
)
from mnclient.model.network_state import BindingUpdateReception, RouteOptimization, Tunnel, TunnelEnd
from mnclient.network.datapath import NO_DIRECT_ROUTES, PAYLOAD_RECEIVED, PAYLOAD_SENT, SequenceKey, Transformation
from mnclient.network.portable.encapsulation import Encapsulation, pktinfo
from mnclient.network.portable.held import HeldPackets
from mnclient.network.portable.offloads import finished, is_unfinished
from mnclient.network.portable.path_mtu import TooBig
from mnclient.network.portable.relayed_errors import RelayedErrors
from mnclient.network.portable.tun import destroy_tun, open_tun
from mnclient.network.rtnetlink import DONE, Answer, refusal

_BATCH: Final = 64  # packets of one source in one turn of the loop: signalling waits for no more
_LARGEST_PACKET: Final = 65535
_CONTROL_BUFFER: Final = socket.CMSG_SPACE(20)
_GLOBAL_SCOPE: Final = 0x0E


@dataclass(slots=True)
class Flow:
    """One tunnel in the form in which the loop needs it."""

    tunnel: Tunnel
    descriptor: int
    ancillary: list[tuple[int, int, bytes]]
    remote: tuple[Any, ...]
    announced: bool = False


@dataclass(slots=True)
class _Device:
    name: str
    descriptor: int
    inner_offset: int
    """Where an outgoing inner packet has the home address: 8 (source, mobile node) or 24 (destination, home agent)."""
    held: HeldPackets
    flows: dict[bytes, Flow] = field(default_factory=dict)


class _Peer:
    """All tunnels between one pair of outer addresses, by home address."""

    __slots__ = ("by_destination", "by_source")

    def __init__(self) -> None:
        self.by_source: dict[bytes, Flow] = {}
        self.by_destination: dict[bytes, Flow] = {}


class TunnelDatapath:
    """The portable datapath. `first_payload` is called with a Tunnel when it first delivers since its ends changed."""

    def __init__(self, first_payload: Callable[[Tunnel], None]) -> None:
        self.counters: Counter[str] = Counter({PAYLOAD_RECEIVED: 0, PAYLOAD_SENT: 0})
        self._first_payload = first_payload
        self._devices: dict[str, _Device] = {}
        self._peers: dict[tuple[str, bytes], _Peer] = {}
        self._encapsulation: Encapsulation | None = None
        self._groups: frozenset[bytes] = frozenset()
        self._too_big = TooBig(self.counters)
        self._errors = RelayedErrors(self.counters)

    # --- devices and tunnels ------------------------------------------------------------------------------------

    def attach(self, name: str, descriptor: int) -> None:
        """From now on read this TUN device; takes over the descriptor. OSError when the raw sockets are refused."""
        loop = asyncio.get_running_loop()
        if self._encapsulation is None:
            self._encapsulation = Encapsulation()
            loop.add_reader(self._encapsulation.socket.fileno(), self._receive, self._encapsulation)
            loop.add_reader(self._encapsulation.error_descriptor, self._relay_errors, self._encapsulation)
        offset = 24 if name == TUNNEL_DEVICE_HOME_AGENT else 8
        device = _Device(name, descriptor, offset, HeldPackets(self.counters))
        self._devices[name] = device
        loop.add_reader(descriptor, self._forward, device)

    def detach(self, name: str, *, destroy: bool) -> None:
        """Stop reading a device; it vanishes, or stays as it is for whoever comes next."""
        device = self._devices.pop(name, None)
        if device is None:
            return
        for flow in tuple(device.flows.values()):
            self._unlist(flow.tunnel)
        asyncio.get_running_loop().remove_reader(device.descriptor)
        if destroy:
            destroy_tun(device.descriptor)
        else:
            os.close(device.descriptor)

    def close(self) -> None:
        """Let go of everything; the devices stay."""
        for name in tuple(self._devices):
            self.detach(name, destroy=False)
        if self._encapsulation is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._encapsulation.socket.fileno())
            loop.remove_reader(self._encapsulation.error_descriptor)
            self._encapsulation.close()
            self._encapsulation = None

    def open_device(self, name: str) -> None:
        """See `network.datapath`."""
        if name in self._devices:
            return
        descriptor = open_tun(name)
        try:
            self.attach(name, descriptor)
        except OSError:
            os.close(descriptor)
            raise

    def remove_device(self, name: str) -> None:
        """See `network.datapath`."""
        if name in self._devices:
            self.detach(name, destroy=True)
        else:
            destroy_tun(open_tun(name))

    def forget_device(self, name: str) -> None:
        """See `network.datapath`."""
        self.detach(name, destroy=False)

    def set_tunnel(self, tunnel: Tunnel) -> Answer:
        """See `network.datapath`."""
        device = self._devices.get(tunnel.device)
        if device is None:
            return refusal(errno.ENODEV)
        home_address = tunnel.home_address.packed
        before = device.flows.get(home_address)
        if before is not None:
            self._unlist(before.tunnel)
        device.inner_offset = 8 if tunnel.end is TunnelEnd.MOBILE_NODE else 24
        remote = (str(tunnel.remote), 0, 0, 0)
        flow = Flow(tunnel, device.descriptor, pktinfo(tunnel.local.packed), remote)
        # Only the acceptance of older addresses may have ended: that is no change of the tunnel's ends.
        flow.announced = before is not None and before.announced and _ends(before.tunnel) == _ends(tunnel)
        device.flows[home_address] = flow
        self._list(flow)
        self._release(device, home_address, flow)
        return DONE

    def remove_tunnel(self, tunnel: Tunnel) -> Answer:
        """See `network.datapath`."""
        device = self._devices.get(tunnel.device)
        if device is not None and (flow := device.flows.pop(tunnel.home_address.packed, None)) is not None:
            self._unlist(flow.tunnel)
        return DONE

    def transform(self, item: Transformation, previous: Transformation | None) -> Answer:
        """See `network.datapath`: this one carries tunnels only. Signalling needs no permission of the kernel here."""
        if isinstance(item, BindingUpdateReception):
            return DONE
        return NO_DIRECT_ROUTES

    def stop_transforming(self, item: Transformation) -> Answer:
        """See `network.datapath`."""
        return DONE

    def sequences(self) -> dict[SequenceKey, int]:
        """See `network.datapath`."""
        return {}

    def continue_sequences(self, sequences: Mapping[SequenceKey, int]) -> None:
        """See `network.datapath`: nothing is encrypted here."""

    def last_used(self, item: RouteOptimization) -> float | None:
        """See `network.datapath`."""
        return None

    def set_groups(self, home_agents: frozenset[IPv6Address], groups: frozenset[IPv6Address]) -> None:
        """See `network.datapath`."""
        self._groups = frozenset(group.packed for group in groups)

    def settle(self) -> None:
        """See `network.datapath`: nothing but the devices outlives a run."""

    def _list(self, flow: Flow) -> None:
        tunnel = flow.tunnel
        for where in _outer_ends(tunnel):
            peer = self._peers.setdefault(where, _Peer())
            flows = peer.by_destination if tunnel.end is TunnelEnd.MOBILE_NODE else peer.by_source
            flows[tunnel.home_address.packed] = flow

    def _unlist(self, tunnel: Tunnel) -> None:
        for where in _outer_ends(tunnel):
            if (peer := self._peers.get(where)) is None:
                continue
            flows = peer.by_destination if tunnel.end is TunnelEnd.MOBILE_NODE else peer.by_source
            flows.pop(tunnel.home_address.packed, None)
            if not peer.by_destination and not peer.by_source:
                del self._peers[where]

    # --- from the device into the tunnel ------------------------------------------------------------------------

    def _forward(self, device: _Device) -> None:
        assert self._encapsulation is not None
        descriptor, start, flows, counters = device.descriptor, device.inner_offset, device.flows, self.counters
        end, read, send = start + 16, os.read, self._encapsulation.socket.sendmsg
        try:
            for _ in range(_BATCH):
                packet = read(descriptor, _LARGEST_PACKET)
                if not _may_be_tunnelled(packet):
                    counters["tunnel.out.scope"] += 1
                    continue
                flow = flows.get(packet[start:end])
                if flow is None:
                    self._hold(device, packet)
                    continue
                try:
                    send([packet], flow.ancillary, 0, flow.remote)
                except OSError as error:
                    self._not_sent(packet, flow, error)
                else:
                    counters["tunnel.out.packets"] += 1
                    counters[PAYLOAD_SENT] += len(packet)
        except BlockingIOError:
            pass
        except OSError as error:
            self._device_failed(device, error)

    def _not_sent(self, packet: bytes, flow: Flow, error: OSError) -> None:
        assert self._encapsulation is not None
        if error.errno != errno.EMSGSIZE:
            self.counters[f"tunnel.out.refused.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
        elif (answer := self._too_big.answer(packet, flow.tunnel)) is not None:
            self._write(flow.descriptor, answer)
        else:
            try:
                self._encapsulation.send_fragmenting(packet, flow.ancillary, flow.remote)
                self.counters["tunnel.out.fragmented"] += 1
                self.counters[PAYLOAD_SENT] += len(packet)
            except OSError:
                self.counters["tunnel.out.refused.fragments"] += 1

    def _relay_errors(self, encapsulation: Encapsulation) -> None:
        """What the path says of our tunnel packets is told to those who sent the packets inside."""
        device = self._devices.get(TUNNEL_DEVICE_HOME_AGENT)
        for error in encapsulation.drain_errors():
            flow = device.flows.get(error.inner[24:40]) if device is not None else None
            if flow is not None and (answer := self._errors.answer(error, flow.tunnel)) is not None:
                self._write(flow.descriptor, answer)

    def _hold(self, device: _Device, packet: bytes) -> None:
        if device.inner_offset != 8:
            self.counters["tunnel.out.no-binding"] += 1
            return
        device.held.hold(packet, asyncio.get_running_loop().time())

    def _release(self, device: _Device, home_address: bytes, flow: Flow) -> None:
        assert self._encapsulation is not None
        for packet in device.held.release(home_address, asyncio.get_running_loop().time()):
            try:
                self._encapsulation.socket.sendmsg([packet], flow.ancillary, 0, flow.remote)
                self.counters["tunnel.out.packets"] += 1
                self.counters[PAYLOAD_SENT] += len(packet)
            except OSError as error:
                self._not_sent(packet, flow, error)

    def _device_failed(self, device: _Device, error: OSError) -> None:
        """The device was deleted or set down by somebody: stop reading; the monitor sees to it that it comes back."""
        self.counters[f"tunnel.device.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
        if error.errno in (errno.EBADFD, errno.EIO):
            asyncio.get_running_loop().remove_reader(device.descriptor)

    # --- from the tunnel into the device ------------------------------------------------------------------------

    def _receive(self, encapsulation: Encapsulation) -> None:
        receive, peers, counters, write = encapsulation.socket.recvmsg, self._peers, self.counters, os.write
        try:
            for _ in range(_BATCH):
                packet, ancillary, _, source = receive(_LARGEST_PACKET, _CONTROL_BUFFER)
                peer = peers.get((source[0], ancillary[0][2][:16])) if ancillary else None
                if peer is None:
                    counters["tunnel.in.stranger"] += 1
                    continue
                flow = peer.by_destination.get(packet[24:40]) or peer.by_source.get(packet[8:24])
                if flow is None and packet[24:40] in self._groups:
                    flow = next(iter(peer.by_destination.values()), None)
                if flow is None or not _may_be_tunnelled(packet):
                    counters["tunnel.in.not-home-address"] += 1
                    continue
                try:
                    if is_unfinished(packet):
                        counters["tunnel.in.unfinished"] += 1
                        for part in finished(packet, forwarded=flow.tunnel.end is TunnelEnd.HOME_AGENT):
                            write(flow.descriptor, part)
                    else:
                        write(flow.descriptor, packet)
                except OSError:
                    counters["tunnel.in.refused"] += 1
                    continue
                counters["tunnel.in.packets"] += 1
                counters[PAYLOAD_RECEIVED] += len(packet)
                # A packet from our own care-of address is a probe of ours (docs/adr/0024-verified.md), no payload.
                if not flow.announced and packet[8:24] != ancillary[0][2][:16]:
                    flow.announced = True
                    self._first_payload(flow.tunnel)
        except BlockingIOError:
            pass
        except OSError as error:
            counters[f"tunnel.in.socket.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1

    def _write(self, descriptor: int, packet: bytes) -> None:
        try:
            os.write(descriptor, packet)
        except OSError:
            self.counters["tunnel.in.refused"] += 1


def _outer_ends(tunnel: Tunnel) -> Iterator[tuple[str, bytes]]:
    """All pairs of outer addresses by which its packets may come."""
    for remote in (tunnel.remote, *tunnel.accept_remote):
        for local in (tunnel.local, *tunnel.accept_local):
            yield str(remote), local.packed


def _ends(tunnel: Tunnel) -> tuple[object, object]:
    return tunnel.local, tunnel.remote


def _may_be_tunnelled(packet: bytes) -> bool:
    """A whole IPv6 packet of more than link scope at both ends (RFC 6275 section 10.4.2)."""
    if len(packet) < IPV6_HEADER_LENGTH or packet[0] >> 4 != 6:
        return False
    if packet[24] >= 0xFE or packet[8] >= 0xFE:
        if packet[24] == 0xFF:
            return packet[25] & 0x0F >= _GLOBAL_SCOPE and packet[8] < 0xFE
        return not _is_link_local(packet[24], packet[25]) and not _is_link_local(packet[8], packet[9])
    return True


def _is_link_local(first: int, second: int) -> bool:
    return first == 0xFE and second & 0xC0 == 0x80
