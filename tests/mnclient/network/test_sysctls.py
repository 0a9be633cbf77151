# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel settings: set, remembered as found, put back. The tree of files stands in a folder here."""

import pytest

from mnclient.network import sysctls
from mnclient.network.sysctls import Sysctls

KEY = "net/ipv6/conf/eth0/accept_ra"


@pytest.fixture
def setting(tmp_path, monkeypatch):
    monkeypatch.setattr(sysctls, "_ROOT", f"{tmp_path}/")
    path = tmp_path / KEY
    path.parent.mkdir(parents=True)
    path.write_text("1\n")
    return path


def test_a_setting_is_set_and_put_back(setting):
    settings, remembered = Sysctls(), []
    settings.remember = lambda key, value: remembered.append((key, value))
    settings.set(KEY, "2")
    assert setting.read_text() == "2"
    settings.restore(KEY)
    assert setting.read_text() == "1"
    assert remembered == [(KEY, "1"), (KEY, None)]


def test_only_the_first_value_found_is_remembered(setting):
    settings = Sysctls()
    settings.set(KEY, "2")
    settings.set(KEY, "0")
    settings.restore(KEY)
    assert setting.read_text() == "1"


def test_what_is_as_wanted_already_is_nobodys_to_put_back(setting):
    settings = Sysctls()
    settings.set(KEY, "1")
    assert settings.found == {}


def test_somebody_elses_decision_stays(setting):
    setting.write_text("0")
    settings = Sysctls()
    settings.set(KEY, "2", instead_of="1")
    assert setting.read_text() == "0"
    assert settings.found == {}


def test_values_found_before_a_crash_are_put_back(setting):
    Sysctls({KEY: "5"}).restore(KEY)
    assert setting.read_text() == "5"


def test_a_key_does_not_lead_elsewhere(setting):
    with pytest.raises(ValueError, match="is no kernel setting"):
        Sysctls().set("net/../../etc/passwd", "1")
