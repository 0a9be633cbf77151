# SPDX-License-Identifier: GPL-2.0-or-later
"""The service under systemd, in a system that says what systemd would."""

import subprocess

import pytest

from tests.install_lab.failure import Failed
from tests.install_lab.service import BySystemd


class Systemd:
    """Starts the service anew whenever it is killed or restarted."""

    def __init__(self):
        self.pid = 100

    def run(self, command, *, check=True, user=""):
        if command[:2] in (["systemctl", "kill"], ["systemctl", "restart"]):
            self.pid += 1
        said = {"is-enabled": "enabled\n", "is-active": "active\n", "show": f"{self.pid}\n"}
        return subprocess.CompletedProcess(command, 0, said.get(command[1], ""), "")


@pytest.mark.parametrize("before", [BySystemd.start, BySystemd.restart, BySystemd.crash])
def test_an_upgrade_that_does_not_restart_it_is_noticed(before):
    service = BySystemd(Systemd())
    before(service)
    with pytest.raises(Failed, match="not restarted"):
        service.upgraded()


def test_an_upgrade_that_restarts_it_is_one():
    systemd = Systemd()
    service = BySystemd(systemd)
    service.crash()
    systemd.pid += 1
    service.upgraded()
