# SPDX-License-Identifier: GPL-2.0-or-later
"""What `mnctl status` and `mnctl bindings` show, asked over the same bus in a hundredth of the time."""

import asyncio

from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import BindingCacheStatus
from service.client import Client, ServiceUnavailable
from tests.lab.service import Service


async def _ask(service: Service) -> tuple[ServiceStatus, tuple[BindingCacheStatus, ...]]:
    async with Client.connect(service.bus.address, interactive=False) as client:
        return await client.status(), (await client.binding_cache())[0]


async def _ask_status(service: Service) -> ServiceStatus:
    async with Client.connect(service.bus.address, interactive=False) as client:
        return await client.status()


def ask(service: Service) -> tuple[ServiceStatus, tuple[BindingCacheStatus, ...]]:
    """Its status and its binding cache. `AssertionError` when there is no answer."""
    try:
        return asyncio.run(_ask(service))
    except ServiceUnavailable as error:
        raise AssertionError(f"mnclientd on {service.node.name} gives no answer: {error}") from error


def ask_status(service: Service) -> ServiceStatus:
    """Its status alone, because a binding cache may be long. `AssertionError` when there is no answer."""
    try:
        return asyncio.run(_ask_status(service))
    except ServiceUnavailable as error:
        raise AssertionError(f"mnclientd on {service.node.name} gives no answer: {error}") from error
