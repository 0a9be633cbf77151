# SPDX-License-Identifier: GPL-2.0-or-later
import hashlib
import shutil
import subprocess

import pytest

from tests.install_lab.packages import METADATA, field, next_version, raise_version

CONTROL = """\
Package: mnclient-desktop
Version: 0.1.9
Architecture: all
Maintainer: Nobody <nobody@example.invalid>
Depends: mnclient (= 0.1.9), other (>= 0.1.9)
Description: a small one
"""


@pytest.mark.parametrize(
    "version, following",
    [("0.1.0", "0.1.1"), ("0.1.9", "0.1.10"), ("1", "2"), ("1.0~rc1", "1.0~rc2"), ("2.0a", "2.1a")],
)
def test_the_last_number_is_raised(version, following):
    assert next_version(version) == following


@pytest.mark.parametrize("version", ["", "new"])
def test_a_version_without_numbers_is_refused(version):
    with pytest.raises(ValueError, match="number"):
        next_version(version)


@pytest.fixture
def package(tmp_path):
    if not shutil.which("dpkg-deb"):
        pytest.skip("dpkg-deb is not installed")
    metadata = tmp_path / "tree" / METADATA.replace("*", "0.1.9")
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.4\nName: mnclient\nVersion: 0.1.9\n")
    (tmp_path / "tree/DEBIAN").mkdir()
    (tmp_path / "tree/DEBIAN/control").write_text(CONTROL)
    digest = hashlib.md5(metadata.read_bytes(), usedforsecurity=False).hexdigest()
    name = metadata.relative_to(tmp_path / "tree")
    (tmp_path / "tree/DEBIAN/md5sums").write_text(f"{'0' * 32}  usr/another\n{digest}  {name}\n")
    file = tmp_path / "mnclient-desktop_0.1.9_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tmp_path / "tree", file], check=True)
    return file


def test_a_package_becomes_the_next_one(package, tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    following = raise_version(package, folder)
    assert list(folder.iterdir()) == [following] and following.name == "mnclient-desktop_0.1.10_all.deb"
    assert field(following, "Version") == "0.1.10"
    assert field(following, "Depends") == "mnclient (= 0.1.10), other (>= 0.1.9)"
    subprocess.run(["dpkg-deb", "--raw-extract", following, folder / "tree"], check=True)
    (metadata,) = (folder / "tree").glob(METADATA)
    assert "\nVersion: 0.1.10\n" in metadata.read_text() and "Metadata-Version: 2.4" in metadata.read_text()
    digest = hashlib.md5(metadata.read_bytes(), usedforsecurity=False).hexdigest()
    sums = (folder / "tree/DEBIAN/md5sums").read_text().splitlines()
    assert sums == [f"{'0' * 32}  usr/another", f"{digest}  {metadata.relative_to(folder / 'tree')}"]


def test_a_file_that_is_no_package_is_refused(tmp_path):
    (tmp_path / "x_1_all.deb").write_text("no package")
    with pytest.raises(subprocess.CalledProcessError):
        raise_version(tmp_path / "x_1_all.deb", tmp_path)
