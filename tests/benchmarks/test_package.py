# SPDX-License-Identifier: GPL-2.0-or-later
import json

import pytest

from tests.benchmarks.package import lived_through, read_exposure
from tests.install_lab.result import digest


@pytest.fixture
def package(tmp_path):
    file = tmp_path / "mnclient_1_all.deb"
    file.write_bytes(b"a package")
    return file


def trial(package, **others):
    told = {"ok": True, "packages": {package.name: digest(package)}, "seconds": {"boot to registered": 40.5}} | others
    file = package.parent / "trial.json"
    file.write_text(json.dumps(told))
    return file


def test_figures_of_the_trial_of_these_packages(package):
    (figure,) = lived_through(trial(package), [package])
    assert (figure.name, figure.value, figure.unit) == ("boot to registered", 40.5, "s")


@pytest.mark.parametrize("others", [{"ok": False}, {"packages": {}}, {"packages": {"mnclient_1_all.deb": "0"}}])
def test_another_trial_tells_nothing_of_them(package, others):
    assert lived_through(trial(package, **others), [package]) == []


def test_without_a_trial_there_are_no_figures(package):
    assert lived_through(package.parent / "nowhere", [package]) == []


def test_the_exposure_is_read_from_the_words():
    assert read_exposure("x\n→ Overall exposure level for a.service: 1.5 OK\n") == 1.5
    with pytest.raises(ValueError, match="exposure"):
        read_exposure("no such unit")
