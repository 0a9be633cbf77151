# SPDX-License-Identifier: GPL-2.0-or-later
"""What `mnctl status` and `mnctl bindings` show, asked over the same bus in a hundredth of the time."""

import asyncio

from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import BindingCacheStatus
from service.client import Client
from tests.lab.service import Service


async def _ask(service: Service) -> tuple[ServiceStatus, tuple[BindingCacheStatus, ...]]:
    async with Client.connect(service.bus.address, interactive=False) as client:
        return await client.status(), (await client.binding_cache())[0]


def ask(service: Service) -> tuple[ServiceStatus, tuple[BindingCacheStatus, ...]]:
    """Its status and its binding cache."""
    return asyncio.run(_ask(service))


async def _ask_status(service: Service) -> ServiceStatus:
    async with Client.connect(service.bus.address, interactive=False) as client:
        return await client.status()


def ask_status(service: Service) -> ServiceStatus:
    """Its status alone: a binding cache may be long."""
    return asyncio.run(_ask_status(service))
