# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys, the real service and the real keyring."""

import shutil
import tempfile
from pathlib import Path

import pytest

from mnclient.model.keys import KeyOwner
from tests.ui.keys.secret_service import SecretServiceBus
from tests.ui.keys.test_keyring_store import needs_keyring
from tests.ui.real_service import real_service

SETTINGS = """version = 1
[[mobile_node.home_addresses]]
address = "2001:db8:1::10"
home_agent = "2001:db8:1::1"
"""
KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture
def keyring_bus(monkeypatch):
    folder = Path(tempfile.mkdtemp(prefix="keyring-"))
    made = SecretServiceBus(folder)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", made.address)
    made.start_keyring()
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


async def entered(room, in_keyring):
    dialog = room.desk.open_keys()
    await room.until(dialog.add_button.isEnabled)
    dialog.add()
    fields = dialog.form.fields
    fields.secret.setText(KEY)
    fields.spi_in.setText("5001")
    fields.spi_out.setText("5002")
    fields.in_keyring.setChecked(in_keyring)
    fields.save_button.click()
    await room.until(lambda: room.core.status().keys and dialog.list.count() == 1)
    return dialog


@needs_keyring
async def test_a_key_in_the_keyring_survives_a_restart_of_the_service(
    qapp, tmp_path, user_settings, light, keyring_bus
):
    async with real_service(qapp, tmp_path, user_settings, SETTINGS) as room:
        dialog = await entered(room, in_keyring=True)
        (key,) = room.core.status().keys
        assert key.owner is KeyOwner.USER and key.available
        await room.restart()
        assert not room.core.status().keys[0].available  # the service keeps it in memory only
        await room.until(lambda: room.core.status().keys[0].available)
        for path in (each for each in tmp_path.rglob("*") if each.is_file()):
            assert bytes.fromhex(KEY) not in path.read_bytes() and KEY.encode() not in path.read_bytes(), path
        dialog.list.setCurrentRow(0)
        dialog._delete(key)
        await room.until(lambda: not room.core.status().keys and dialog.outcome.text() == "The key is deleted.")


@needs_keyring
async def test_a_locked_keyring_is_a_banner(qapp, tmp_path, user_settings, light, keyring_bus):
    async with real_service(qapp, tmp_path, user_settings, SETTINGS) as room:
        dialog = await entered(room, in_keyring=True)
        keyring_bus.lock()
        await room.restart()
        await room.until(lambda: dialog.trouble_banner.title() == "Your keyring is locked")
        assert not room.core.status().keys[0].available


async def test_a_key_of_the_computer_is_there_after_a_restart(qapp, tmp_path, user_settings, light):
    async with real_service(qapp, tmp_path, user_settings, SETTINGS) as room:
        dialog = await entered(room, in_keyring=False)
        await room.restart()
        assert room.core.status().keys[0].available
        dialog.list.setCurrentRow(0)
        await room.until(dialog.replace_button.isEnabled)
        dialog.replace()
        fields = dialog.form.fields
        fields.secret.setText(KEY[::-1])
        fields.spi_in.setText("6001")
        fields.spi_out.setText("6002")
        await room.until(fields.save_button.isEnabled)
        fields.save_button.click()
        await room.until(lambda: [each.spi_out for each in room.core.status().keys] == [6002])
