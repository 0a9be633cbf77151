# SPDX-License-Identifier: GPL-2.0-or-later
"""A package as it might come next: the same, with a higher version."""

import hashlib
import re
import subprocess
from pathlib import Path

METADATA = "usr/lib/mnclient/app/mnclient-*.dist-info/METADATA"  # where the programs read their version


def field(package: Path, name: str) -> str:
    """One field of the control file, "" when it is not there."""
    command = ["dpkg-deb", "--field", str(package), name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def next_version(version: str) -> str:
    """The last number one higher: 0.1.9 becomes 0.1.10. ValueError when there is none."""
    found = re.fullmatch(r"(.*?)(\d+)(\D*)", version)
    if found is None:
        raise ValueError(f"{version!r} has no number to make higher")
    return f"{found[1]}{int(found[2]) + 1}{found[3]}"


def raise_version(package: Path, folder: Path) -> Path:
    """Write the package with the next version into `folder`, where it can also be unpacked; the new file."""
    old = field(package, "Version")
    new = next_version(old)
    tree = folder / f"{package.stem}-tree"
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(tree)], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(_with_version(control.read_text(encoding="utf-8"), old, new), encoding="utf-8")
    for metadata in tree.glob(METADATA):
        text = metadata.read_text(encoding="utf-8")
        metadata.write_text(re.sub(r"^Version: .*$", f"Version: {new}", text, count=1, flags=re.MULTILINE), "utf-8")
        _correct_digest(tree, metadata)
    result = folder / package.name.replace(f"_{old}_", f"_{new}_")
    command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(result)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["rm", "-r", str(tree)], check=True)
    return result


def _with_version(control: str, old: str, new: str) -> str:
    """Also where one package of ours depends on the other of the same version."""
    text = re.sub(rf"^Version: {re.escape(old)}$", f"Version: {new}", control, flags=re.MULTILINE)
    return text.replace(f"(= {old})", f"(= {new})")


def _correct_digest(tree: Path, file: Path) -> None:
    digests = tree / "DEBIAN/md5sums"
    name = str(file.relative_to(tree))
    digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
    lines = [
        line if line.split(maxsplit=1)[1] != name else f"{digest}  {name}" for line in digests.read_text().splitlines()
    ]
    digests.write_text("\n".join(lines) + "\n")
