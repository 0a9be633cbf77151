# SPDX-License-Identifier: GPL-2.0-or-later
"""What the message bus reads, seen by dbus-daemon. Who may have the name: tests/service/test_contract.py."""

import configparser
import subprocess

from service.contract import BUS_NAME
from tests.checkout import ROOT
from tests.service.private_bus import CONFIGURATION

INSTALLER = ROOT / "installer"


def starts_with(policy, folder):
    """Whether a bus starts with this policy, and what it says otherwise: it refuses what it does not understand."""
    (folder / "policy.conf").write_text(policy, encoding="utf-8")
    include = f"<include>{folder}/policy.conf</include>"
    configuration = CONFIGURATION.format(kind="custom", socket=folder / "bus", more=include)
    (folder / "bus.conf").write_text(configuration, encoding="utf-8")
    command = ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as bus:
        address = bus.stdout.readline()
        bus.terminate()
        return address.startswith("unix:"), bus.communicate(timeout=30)[1]


def test_the_bus_takes_the_policy(tmp_path):
    policy = (INSTALLER / f"dbus/{BUS_NAME}.conf").read_text(encoding="utf-8")
    policy = policy.replace('user="mnclient"', 'user="nobody"')  # what it does not know it only warns of
    started, said = starts_with(policy, tmp_path)
    assert started and "nknown" not in said, said
    started, said = starts_with(policy.replace("<allow own", "<allowed own", 1), tmp_path)
    assert not started and "allowed" in said


def test_activation_goes_to_the_alias_of_the_unit():
    activation = configparser.ConfigParser()
    activation.optionxform = str
    activation.read(INSTALLER / f"dbus/{BUS_NAME}.service")
    told = dict(activation["D-BUS Service"])
    alias = f"dbus-{BUS_NAME}.service"
    assert told == {"Name": BUS_NAME, "Exec": "/bin/false", "User": "mnclient", "SystemdService": alias}
    assert f"\nAlias={alias}\n" in (INSTALLER / "systemd/mnclientd.service").read_text(encoding="utf-8")
