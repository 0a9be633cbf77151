# SPDX-License-Identifier: GPL-2.0-or-later
"""Our one table, made by one run and found by the next."""

import asyncio

import pytest

from mnclient.network.nftables import install_kernel_table, install_table, remove_table

pytestmark = pytest.mark.lab

PORTABLE, OF_THE_KERNEL = "chain output", "chain decapsulated"


@pytest.fixture
def host(lab):
    return lab.host()


def test_a_run_with_another_datapath_makes_the_table_right(host):
    def chains(install) -> str:
        assert host.inside(lambda: asyncio.run(install())) == ""
        return host.run("nft list table ip6 mnclient")

    portable = chains(install_table)
    assert PORTABLE in portable and OF_THE_KERNEL not in portable
    assert chains(install_table) == portable, "nothing is there twice"
    kernel = chains(install_kernel_table)
    assert PORTABLE not in kernel and OF_THE_KERNEL in kernel
    again = chains(install_table)
    assert again.count("drop") - again.count("counter name") == portable.count("drop")
    assert "jump" not in again, "what comes out of a tunnel is looked at by the datapath itself"
    assert host.inside(lambda: asyncio.run(remove_table()))
    assert host.run("nft list ruleset") == ""
