# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes of the packages; what comes of them is looked at by lintian in `make deb`."""

import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

from service.installation import PARTS
from tests.checkout import ROOT

DEBIAN = ROOT / "installer/debian"
MADE = ("completions/", "modules/", "90-mnclient.conf", "mime/")  # by tools/deb, beside the sources
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def listed(name):
    return [line.split()[0] for line in (DEBIAN / name).read_text().splitlines() if line.strip() and line[0] != "#"]


@pytest.mark.parametrize("name", sorted(each.name for each in DEBIAN.glob("*.install")))
def test_everything_listed_is_there(name):
    for each in listed(name):
        assert each.startswith(MADE) or list(ROOT.glob(each)), each


def test_every_file_to_install_is_in_a_package():
    recipes = "".join(each.read_text() for each in (*DEBIAN.glob("*.install"), *DEBIAN.glob("*.examples")))
    recipes += (ROOT / "tools/deb").read_text()
    for file in (ROOT / "installer").rglob("*"):
        if file.is_file() and "debian" not in file.parts:
            name = str(file.relative_to(ROOT))
            folders = {f"{file.parent.relative_to(ROOT)}/*", f"{file.parent.relative_to(ROOT)}/*{file.suffix}"}
            assert name in recipes or any(each in recipes for each in folders), name


def test_the_packages_have_the_version_of_the_project():
    first = (DEBIAN / "changelog").read_text().splitlines()[0]
    assert first.startswith(f"mnclient ({PROJECT['version']}) ")


def test_every_library_is_depended_on_or_in_the_package():
    control = (DEBIAN / "control").read_text()
    private = " ".join(line.split("#")[0] for line in (DEBIAN / "private-libraries").read_text().splitlines())
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["ui"]]
    names = [re.split(r"[<>=~]", each)[0].lower() for each in wanted]
    for name in names:
        assert (f"python3-{name} " in control) != (f" {name} " in private + " "), name


def test_every_private_library_is_locked_with_its_hash():
    for line in (DEBIAN / "private-libraries").read_text().splitlines():
        if line and line[0] != "#":
            _, lock, *names = line.split("#")[0].split()
            text = (ROOT / lock).read_text(encoding="utf-8")
            for name in names:
                assert re.search(rf"^{name}==.* \\\n    --hash=sha256:", text, re.MULTILINE), name


SCRIPTS = [DEBIAN / name for name in ("assemble", "cut-qt", "mnclient.postinst", "mnclient.prerm", "mnclient.postrm")]


@pytest.mark.parametrize("file", [*SCRIPTS, ROOT / "tools/deb", ROOT / "tools/setup"], ids=lambda file: file.name)
def test_scripts_are_well_formed(file):
    interpreter = file.read_text().splitlines()[0].removeprefix("#!")
    done = subprocess.run([interpreter, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wheel_has_what_install_service_needs(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    source = tmp_path / "source"
    source.mkdir()
    for name in ("mnclient", "service", "ui", "installer", "docs", "pyproject.toml", "LICENSE"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(source)], check=True)
    done = subprocess.run(
        [*command, "--wheel-dir", str(tmp_path), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("mnclient-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
    share = {name.split("/data/share/mnclient/")[1] for name in names if "/data/share/mnclient/" in name}
    assert set(PARTS) <= share
    assert {"Provides-Extra: service", "Provides-Extra: ui"} <= set(text.splitlines())
    assert not [name for name in names if name.startswith("tests")]
