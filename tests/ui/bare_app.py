# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m tests.ui.bare_app`: the tray app with empty windows, for tests of what is around the windows.

Their titles say what they were asked for: "status agents", "preferences general", "wizard /path/to/invitation".
"""

import sys
import types
from pathlib import Path

from PySide6.QtWidgets import QWidget

from ui.app import main


class _Bare(QWidget):
    name = ""

    def __init__(self, desk) -> None:
        super().__init__()
        self.setWindowTitle(self.name)
        self.resize(400, 300)

    def show_page(self, page: str) -> None:
        self.setWindowTitle(f"{self.name} {page}")

    def import_invitation(self, file: Path) -> None:
        self.setWindowTitle(f"{self.name} {file}")


def _replace(module: str, kind: str, name: str) -> None:
    made = types.ModuleType(module)
    setattr(made, kind, type(kind, (_Bare,), {"name": name}))
    package = module.rpartition(".")[0]
    sys.modules.setdefault(package, types.ModuleType(package))
    sys.modules[module] = made


if __name__ == "__main__":  # only there: other tests of this process want the real windows
    _replace("ui.window.main_window", "MainWindow", "status")
    _replace("ui.preferences.dialog", "PreferencesDialog", "preferences")
    _replace("ui.wizard.dialog", "WizardDialog", "wizard")
    sys.exit(main())
