# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the house that no linter knows: who may import whom, what is pure, where a file belongs.

Rules are the tables on top. Each checker is a function from source to a list of complaints, and is itself tested on
made-up source at the end, so that a rule cannot become one that never fails.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("mnclient", "service", "ui")
SPDX = "# SPDX-License-Identifier: GPL-2.0-or-later"

# Folder or file: what of our own it may import. The most specific entry decides.
DIRECTIONS = {
    "mnclient": ("mnclient",),
    "mnclient/engine": (
        "mnclient.engine",
        "mnclient.wire",
        "mnclient.model",
        "mnclient.security",
        "mnclient.constants",
        "mnclient.units",
        "mnclient.errors",
    ),
    "service": ("service", "mnclient"),
    # errors and units are the words in which client and model speak
    "ui": ("ui", "service.client", "service.contract", "mnclient.model", "mnclient.errors", "mnclient.units"),
    "ui/view": ("ui.view", "ui.texts", "mnclient.model", "mnclient.errors", "mnclient.units"),
    "ui/texts.py": (),
}

# Pure: the same input gives the same output, whenever and wherever. Pure code imports only pure code of ours.
PURE = (
    "mnclient/constants.py",
    "mnclient/units.py",
    "mnclient/errors.py",
    "mnclient/wire",
    "mnclient/engine",
    "mnclient/model",
    "mnclient/security",
    "service/autoconfiguration",
    "service/doctor",
    "service/report/mask.py",
    "ui/view",
    "ui/texts.py",
)
PURE_NAME = "plan.py"  # pure in every folder
IMPURE_MODULES = frozenset(
    "asyncio concurrent ctypes dbus_fast fcntl importlib keyring logging multiprocessing os PySide6 pyroute2 qasync "
    "random scapy secrets select selectors signal socket subprocess tempfile threading time".split()
)

# Slow to import and GPL-2.0-only: a service that inspects no packet must not load it, and the tray never may.
SCAPY_USERS = frozenset({"service/inspector.py"})

LONGEST_FILE = 400
LONGER_FILES: dict[str, str] = {}  # path: why it is better in one piece

# Folders of one machine; "/home/user" and the like are examples and may be written.
PRIVATE_PLACE = re.compile(
    r"(?<![\w.~*-])/(?:(?:home|Users)/(?!user\b|alice\b|USER\b)\w|root/|work/|workspace/|workspaces/|builds/)"
)


def below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def is_pure(path: str) -> bool:
    return PurePosixPath(path).name == PURE_NAME or any(below(path, pure) for pure in PURE)


def imported_modules(source: str, path: str) -> Iterator[str]:
    """Everything a file imports, also inside functions, as dotted names; `from a import b` gives a.b."""
    here = PurePosixPath(path).parent.parts
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = here[: len(here) - node.level + 1] if node.level else ()
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_ours(module: str) -> bool:
    return module.split(".")[0] in (*PACKAGES, "tests")


def is_pure_module(module: str) -> bool:
    """Whether a dotted name (perhaps of something inside a module) is of a pure file or folder."""
    parts = module.split(".")
    paths = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    return any(is_pure(path) or is_pure(path + ".py") for path in paths)


def wrong_directions(source: str, path: str) -> list[str]:
    rules = [folder for folder in DIRECTIONS if below(path, folder)]
    if not rules:
        return []
    allowed = DIRECTIONS[max(rules, key=len)]
    return [
        f"{path} imports {module}; it may import of ours only {', '.join(allowed)}"
        for module in imported_modules(source, path)
        if is_ours(module) and not any(within(module, package) for package in allowed)
    ]


def impurities(source: str, path: str) -> list[str]:
    if not is_pure(path):
        return []
    return [
        f"{path} is pure and imports {module}"
        for module in imported_modules(source, path)
        if module.split(".")[0] in IMPURE_MODULES or (is_ours(module) and not is_pure_module(module))
    ]


def scapy_imports(source: str, path: str) -> list[str]:
    if path in SCAPY_USERS:
        return []
    return [f"{path} imports {module}" for module in imported_modules(source, path) if within(module, "scapy")]


def missing_licence(source: str, path: str) -> list[str]:
    first = [line for line in source.splitlines() if not line.startswith("#!")][:1]
    return [] if first == [SPDX] else [f"{path} does not begin with: {SPDX}"]


def too_long(source: str, path: str) -> list[str]:
    lines = len(source.splitlines())
    if lines > LONGEST_FILE and path not in LONGER_FILES:
        return [f"{path} has {lines} lines: look for the second subject hiding in it (at most {LONGEST_FILE})"]
    if lines <= LONGEST_FILE and path in LONGER_FILES:
        return [f"{path} is no longer too long: take it out of LONGER_FILES"]
    return []


def unmirrored(path: str, sources: frozenset[str]) -> list[str]:
    """tests/a/b/test_c.py and test_c__anything.py need a/b/c.py or the folder a/b/c, or are of a/b itself (c == b)."""
    test = PurePosixPath(path)
    if not test.name.startswith("test_") or len(test.parts) < 3 or test.parts[1] not in PACKAGES:
        return []
    folder = PurePosixPath(*test.parts[1:-1])
    subject = test.stem.removeprefix("test_").split("__")[0]
    wanted = folder / subject
    if f"{wanted}.py" in sources or any(below(source, str(wanted)) for source in sources) or subject == folder.name:
        return []
    return [f"{path} has no source: {wanted}.py does not exist (name it test_<module>.py or test_<module>__<topic>.py)"]


def private_places(text: str, path: str) -> list[str]:
    return [
        f"{path}:{number} names a folder of one machine: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), start=1)
        if PRIVATE_PLACE.search(line)
    ]


def project_files() -> list[str]:
    """What git keeps or is about to; in an unpacked archive, every file."""
    if not (ROOT / ".git").exists():
        hidden = {".venv", "build", "__pycache__"}
        files = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        return sorted(str(path) for path in files if not hidden & set(path.parts))
    listing = subprocess.run(
        # safe.directory: the tests may run as root in a checkout of its user
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(name for name in listing.split("\0") if name and (ROOT / name).is_file())


FILES = project_files()
SOURCES = [path for path in FILES if path.endswith(".py") and path.split("/")[0] in PACKAGES]
TESTS = [path for path in FILES if path.endswith(".py") and path.startswith("tests/")]
SCRIPTS = [path for path in FILES if path.startswith((".ci/", "tools/")) or path == "Makefile"]


def complaints(checker, paths: list[str]) -> list[str]:
    return [each for path in paths for each in checker((ROOT / path).read_text(encoding="utf-8"), path)]


@pytest.mark.parametrize("checker", [wrong_directions, impurities, scapy_imports])
def test_imports(checker):
    assert complaints(checker, SOURCES) == []


def test_every_file_names_its_licence():
    assert complaints(missing_licence, SOURCES + TESTS + SCRIPTS) == []


def test_files_have_one_subject():
    assert complaints(too_long, SOURCES + TESTS) == []


def test_tests_mirror_the_packages():
    assert [each for path in TESTS for each in unmirrored(path, frozenset(SOURCES))] == []


def test_no_file_names_a_private_place():
    found = []
    for path in FILES:
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, a capture
        found += private_places(text, path)
    assert found == []


# Each module is imported by a child of its own, forked before anything of ours was loaded: quicker than an interpreter
# for each, and as strict.
IMPORT_ALONE = """
import importlib, os, sys, traceback
failed = []
for module in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(module)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(module)
sys.exit(f"do not import alone: {failed}" if failed else 0)
"""


def import_alone(modules: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", IMPORT_ALONE, *modules]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_module_imports_alone():
    modules = [
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in SOURCES
        if not path.startswith("ui/") and not path.endswith("__main__.py")
    ]
    result = import_alone(modules, ROOT)
    assert result.returncode == 0, result.stderr


def test_lock_serves_every_machine():
    for path in ROOT.glob("requirements*.lock"):
        assert "://" not in path.read_text(encoding="utf-8"), (
            f"{path.name} names a host: that is the machine's own setting"
        )
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    assert {re.split("[<>=!~; ]", name)[0] for name in wanted} - locked == set(), "run make lock"


# --- the checkers can fail ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "checker, path, source",
    [
        (wrong_directions, "mnclient/runtime/loop.py", "import service.daemon"),
        (wrong_directions, "mnclient/runtime/loop.py", "def f():\n    from ui import tray"),
        (wrong_directions, "mnclient/engine/engine.py", "from mnclient.network import plan"),
        (wrong_directions, "mnclient/engine/engine.py", "from mnclient import runtime"),
        (wrong_directions, "mnclient/engine/mobile_node/movement.py", "from ...network.netlink import Netlink"),
        (wrong_directions, "service/daemon.py", "from ui.tray import Tray"),
        (wrong_directions, "service/daemon.py", "from tests.lab import topology"),
        (wrong_directions, "ui/tray.py", "from service.daemon import Daemon"),
        (wrong_directions, "ui/tray.py", "from mnclient.engine.engine import Engine"),
        (impurities, "mnclient/wire/binding.py", "import os.path"),
        (impurities, "mnclient/engine/timers.py", "from time import monotonic"),
        (impurities, "mnclient/network/plan.py", "import socket"),
        (impurities, "mnclient/network/portable/plan.py", "from mnclient.network.netlink import Netlink"),
        (impurities, "mnclient/wire/binding.py", "from ..runtime import clock"),
        (impurities, "service/autoconfiguration/policy.py", "from service.settings import Settings"),
        (scapy_imports, "mnclient/wire/binding.py", "def f():\n    from scapy.all import IPv6"),
        (missing_licence, "service/daemon.py", '"""A daemon."""'),
        (missing_licence, "tools/setup", "#!/bin/bash\nset -e"),
        (too_long, "service/daemon.py", "pass\n" * 401),
        (private_places, "README.md", "cd " + "/" + "home/bob/mnclient"),
        (private_places, "README.md", "see `" + "/" + "root/notes`"),
    ],
)
def test_a_breach_is_found(checker, path, source):
    assert len(checker(source, path)) == 1


@pytest.mark.parametrize(
    "checker, path, source",
    [
        (wrong_directions, "mnclient/engine/engine.py", "import struct\nfrom mnclient import units"),
        (wrong_directions, "mnclient/engine/mobile_node/movement.py", "from ..timers import Timer"),
        (wrong_directions, "ui/tray.py", "from mnclient.model.status import Status\nfrom service.client import Client"),
        (impurities, "mnclient/engine/engine.py", "from mnclient.units import Seconds, after"),
        (impurities, "mnclient/network/plan.py", "from mnclient.model.network_state import Route"),
        (impurities, "mnclient/network/netlink.py", "import socket, time"),
        (impurities, "service/autoconfiguration/policy.py", "from .ranking import rank"),
        (scapy_imports, "service/inspector.py", "from scapy.all import IPv6"),
        (missing_licence, "tools/setup", f"#!/bin/bash\n{SPDX}\n"),
        (too_long, "service/daemon.py", "pass\n" * 400),
        (
            private_places,
            "README.md",
            "tar -C ~/places/x; https://example.org/home/bob/x; /home/user/x; image" + "/" + "root/x",
        ),
    ],
)
def test_what_is_allowed_is_let_pass(checker, path, source):
    assert checker(source, path) == []


def test_a_test_without_its_source_is_found():
    sources = frozenset({"mnclient/wire/binding.py"})
    assert unmirrored("tests/mnclient/wire/test_bindings.py", sources)
    assert unmirrored("tests/service/test_wire.py", sources)
    for good in ("test_binding.py", "test_binding__scapy.py", "test_wire__fuzz.py", "builders.py"):
        assert not unmirrored(f"tests/mnclient/wire/{good}", sources)
    assert not unmirrored("tests/mnclient/test_wire.py", sources)
    assert not unmirrored("tests/lab/test_handover.py", sources)


def test_modules_that_need_each_other_are_found(tmp_path):
    (tmp_path / "first.py").write_text("from second import b\na = 1\n")
    (tmp_path / "second.py").write_text("from first import a\nb = 2\n")
    (tmp_path / "third.py").write_text("")
    result = import_alone(["first", "second", "third"], tmp_path)
    assert "do not import alone: ['first', 'second']" in result.stderr
    assert import_alone(["third"], tmp_path).returncode == 0
