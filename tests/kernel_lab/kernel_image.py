# SPDX-License-Identifier: GPL-2.0-or-later
"""The distribution's kernel, unpacked into build/kernel: fetched once, never installed (no boot loader is touched)."""

import fcntl
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

# The packages that name the current kernel. Ubuntu's has been read about, not run: there the modules are packages of
# their own, which the kernel's package depends on or suggests by the same version.
META_PACKAGES = {"debian": "linux-image-{architecture}", "ubuntu": "linux-image-generic"}
IMAGE_PACKAGE = re.compile(r"linux-image-(?:unsigned-)?\d\S*")
DECOMPRESSORS = {".zst": "zstd", ".xz": "xz", ".gz": "gzip"}


class NoKernel(Exception):
    """The kernel cannot be had; the message says why."""


@dataclass(frozen=True)
class Kernel:
    """A kernel below `folder`, with its modules."""

    folder: Path

    @property
    def release(self) -> str:
        """As `uname -r` says it."""
        return self.folder.name

    @property
    def image(self) -> Path:
        """What the machine boots."""
        return self.folder / "boot" / f"vmlinuz-{self.release}"

    @property
    def modules(self) -> Path:
        """What belongs in /lib/modules/RELEASE."""
        return self.folder / "lib" / "modules" / self.release

    def modules_for(self, *names: str) -> list[tuple[str, bytes]]:
        """These modules and what they need, in the order of loading; what is built in is left out."""
        needs = dict(_dependencies(self.modules / "modules.dep"))
        paths = {_module_name(path): path for path in needs}
        built_in = {_module_name(path) for path in (self.modules / "modules.builtin").read_text().split()}
        ordered: list[str] = []
        for name in names:
            if name not in paths and name not in built_in:
                raise NoKernel(f"The kernel {self.release} has no module {name}")
            if name in paths:
                # modules.dep lists what is to be loaded from the last to the first
                ordered += [each for each in [*reversed(needs[paths[name]]), paths[name]] if each not in ordered]
        return [(f"{_module_name(path)}.ko", _content(self.modules / path)) for path in ordered]


def _dependencies(file: Path) -> list[tuple[str, list[str]]]:
    lines = (line.split(":") for line in file.read_text().splitlines())
    return [(module, needs.split()) for module, needs in lines]


def _module_name(path: str) -> str:
    return Path(path).name.split(".")[0].replace("-", "_")


def _content(file: Path) -> bytes:
    if program := DECOMPRESSORS.get(file.suffix):
        return subprocess.run([program, "-dc", str(file)], check=True, capture_output=True).stdout
    return file.read_bytes()


def find(cache: Path) -> Kernel:
    """The kernel in the cache, fetched first if it is not there."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two that fetch at once would be in each other's way
        return _find(cache)


def _find(cache: Path) -> Kernel:
    present = [Kernel(image.parent.parent) for image in cache.glob("*/boot/vmlinuz-*")]
    if present:
        return max(present, key=lambda kernel: kernel.image.stat().st_mtime)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as place:
        return _fetch(cache, Path(place))


def _fetch(cache: Path, place: Path) -> Kernel:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NoKernel("Only the kernels of Debian and Ubuntu can be fetched, with apt-get")
    image = _image_package()
    release = re.sub(r"linux-image-(unsigned-)?", "", image)
    print(f"Fetching the kernel {release} (once; it is unpacked in build/, not installed) ...", flush=True)
    wanted = [image, *(name for name in _related(release) if _is_known(name))]
    _run(["apt-get", "download", *wanted], place, "The kernel cannot be downloaded")
    tree = place / "tree"
    for package in place.glob("*.deb"):
        _run(["dpkg-deb", "--extract", str(package), str(tree)], place, "The kernel's package cannot be unpacked")
    if (tree / "usr/lib/modules").exists() and not (tree / "lib").exists():
        (tree / "lib").symlink_to("usr/lib")  # newer packages
    _run(["depmod", "--basedir", str(tree), release], place, "The kernel's modules cannot be listed")
    tree.rename(cache / release)
    return Kernel(cache / release)


def _related(release: str) -> list[str]:
    return [f"linux-modules-{release}", f"linux-modules-extra-{release}"]


def _image_package() -> str:
    system = _distribution()
    architecture = _output(["dpkg", "--print-architecture"]).strip()
    name = META_PACKAGES.get(system, META_PACKAGES["debian"]).format(architecture=architecture)
    found = IMAGE_PACKAGE.findall(_output(["apt-cache", "depends", name]))
    if not found:  # many images come without package lists
        subprocess.run(["apt-get", "update"], check=False, capture_output=True)
        found = IMAGE_PACKAGE.findall(_output(["apt-cache", "depends", name]))
    if not found:
        raise NoKernel(f"apt knows no package {name}: run `sudo apt-get update`, then repeat the command")
    return str(found[0])


def _distribution() -> str:
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    return "ubuntu" if re.search(r"^ID(_LIKE)?=.*ubuntu", text, re.MULTILINE) else "debian"


def _is_known(package: str) -> bool:
    return bool(_output(["apt-cache", "show", "--no-all-versions", package]).strip())


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def _run(command: list[str], place: Path, complaint: str) -> None:
    result = subprocess.run(command, cwd=place, check=False, capture_output=True, text=True)
    if result.returncode:
        raise NoKernel(f"{complaint}: {_last_line(result.stderr) or _last_line(result.stdout)}")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
