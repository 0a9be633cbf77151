# SPDX-License-Identifier: GPL-2.0-or-later
"""The desktop that the other tests stand on is a real one, and leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ui.desktop import Refused, desktop

KEEP = "import keyring; keyring.set_password('mnclient-test', 'me', 'secret'); print(keyring.get_password('mnclient-test', 'me'))"  # noqa: E501


def test_a_secret_is_kept(here):
    here.start_keyring()
    assert here.run(sys.executable, "-c", KEEP) == "secret\n"


def test_everything_ends_with_it():
    with desktop() as made:
        made.start_tray("sni")
        made.start_notifications()
        made.start_keyring()
        running = [each.pid for each in made._processes]
        folder = made.folder
    assert len(running) == 6
    assert not [pid for pid in running if Path(f"/proc/{pid}").exists()]
    assert not folder.exists()


def test_keys_and_mouse_arrive(here, tmp_path):
    program = (
        "from PySide6.QtWidgets import QApplication, QLineEdit\n"
        "a = QApplication([]); e = QLineEdit(); e.setWindowTitle('field'); e.resize(300, 80); e.show()\n"
        f"e.returnPressed.connect(lambda: (open({str(tmp_path / 'typed')!r}, 'w').write(e.text()), a.quit()))\n"
        "a.exec()\n"
    )
    process = here.start([sys.executable, "-c", program])
    window = here.until(lambda: here.window("field"), "the window")
    x, y, width, height = here.place(window)
    here.click(x + width // 2, y + height // 2)
    here.until(lambda: here.run("xdotool", "getactivewindow").strip() == window, "the focus")
    here.type("hello 2001:db8::1")
    here.key("Return")
    assert process.wait(20) == 0
    assert (tmp_path / "typed").read_text() == "hello 2001:db8::1"
    assert here.screenshot(tmp_path / "screen.png").stat().st_size > 100


def test_a_call_that_is_refused(here):
    with pytest.raises(Refused):
        here.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NoSuchMethod")


def test_what_is_missing_is_told(here):
    with pytest.raises(AssertionError, match="rain did not come within 0.1 s"):
        here.until(lambda: False, "rain", 0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        here.start(["sleep", "60"]).wait(0.01)
