# SPDX-License-Identifier: GPL-2.0-or-later
import os
import shutil
import subprocess

import pytest

from tests.install_lab.failure import Failed
from tests.install_lab.machine import image
from tests.install_lab.machine.abroad import POINTS
from tests.kernel_lab.kernel_image import Kernel


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    for name in (
        "srv", "usr/lib", "etc/systemd/system/multi-user.target.wants", "etc/NetworkManager/system-connections",
    ):  # fmt: skip
        (root / name).mkdir(parents=True)
    return root


def test_a_root_gets_units_networks_and_packages(root, tmp_path):
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages/a_1_all.deb").touch()
    points = [point for point, _ in POINTS]
    image.furnish_root(root, points, tmp_path / "packages")
    assert (root / "srv/access-points").read_text().splitlines() == [
        "cafe 1 02:00:00:00:aa:01",
        "library 6 02:00:00:00:aa:02",
    ]
    assert {"agent.py", "contents.py", "air.sh", "a_1_all.deb"} <= {each.name for each in (root / "srv").iterdir()}
    for file in (root / "etc/NetworkManager/system-connections").iterdir():
        assert file.stat().st_mode & 0o077 == 0 and f"psk={image.PASSPHRASE}\n" in file.read_text()
    assert f"passphrase={image.PASSPHRASE}\n" in (root / "srv/air.sh").read_text()
    wanted = {each.name for each in (root / "etc/systemd/system/multi-user.target.wants").iterdir() if each.is_file()}
    assert wanted == {"trial-agent.service", "trial-air.service", "trial-echo.service"}
    assert (root / "etc/systemd/system/trial-ap@.service").is_file()
    assert os.access(root / image.WAKE_PLACE, os.X_OK)


@pytest.mark.skipif(not shutil.which("/sbin/mke2fs"), reason="mke2fs is not installed")
def test_a_disk_has_what_is_in_the_folder_and_is_made_once(tmp_path):
    kernel = Kernel(tmp_path / "6.1.0-1-amd64")
    kernel.modules.mkdir(parents=True)
    (kernel.modules / "modules.dep").write_text("a.ko:\n")
    disk = image.modules_disk(kernel, tmp_path)
    command = ["/sbin/debugfs", "-R", "cat /6.1.0-1-amd64/modules.dep", str(disk)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "a.ko:\n"
    made = disk.stat().st_mtime_ns
    assert image.modules_disk(kernel, tmp_path).stat().st_mtime_ns == made


@pytest.mark.skipif(not shutil.which("/sbin/mke2fs"), reason="mke2fs is not installed")
def test_a_folder_that_is_not_there_makes_no_disk(tmp_path):
    with pytest.raises(Failed, match="mke2fs"):
        image.root_disk(tmp_path / "nowhere", tmp_path / "disk")


@pytest.mark.parametrize("name", ["init.sh", "inside/air.sh", "../desktop.sh"])
def test_scripts_are_well_formed(name):
    done = subprocess.run(["sh", "-n", image.HERE / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
