# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages are built as `make docs` builds them, and a dead link is an error."""

import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec

import pytest

from tests.docs.blocks import DOCS, ROOT, name_of, pages

pytestmark = pytest.mark.skipif(find_spec("sphinx") is None, reason="Sphinx is missing: tools/setup docs")


def build(source, target):
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(source), str(target)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


class Links(HTMLParser):
    """The links and pictures of a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if (tag, name) in (("a", "href"), ("img", "src"))]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    target = tmp_path_factory.mktemp("pages")
    result = build(DOCS, target)
    assert (result.returncode, result.stderr) == (0, "")
    return target


def links_of(page):
    reader = Links()
    reader.feed(page.read_text(encoding="utf-8"))
    return [each for each in reader.found if each and not each.startswith("#")]


def test_every_page_is_there(built):
    assert [page for page in pages() if not (built / name_of(page)).with_suffix(".html").is_file()] == []


def test_links_and_pictures_lead_somewhere(built):
    wrong, seen = [], 0
    for page in pages():
        html = (built / name_of(page)).with_suffix(".html")
        for link in links_of(html):
            seen += 1
            if not (html.parent / link.partition("#")[0]).exists():
                wrong.append(f"{name_of(page)}: {link}")
    assert wrong == []
    assert seen > 100


def test_a_page_needs_nothing_from_elsewhere(built):
    html = (built / "guide/start.html").read_text(encoding="utf-8")
    assert "http://" not in html and 'src="https://' not in html


DEAD = {"gone.md": "[x](gone.md)", "nowhere": "[x](other.md#nowhere)", "gone.png": "![x](gone.png)"}


def test_dead_links_are_errors(tmp_path):
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text((DOCS / "conf.py").read_text(encoding="utf-8"), encoding="utf-8")
    (source / "contents.rst").write_text("Contents\n========\n\n.. toctree::\n\n   page\n   other\n", encoding="utf-8")
    (source / "other.md").write_text("# Other\n", encoding="utf-8")
    (source / "page.md").write_text("\n\n".join(["# Page", *DEAD.values()]) + "\n", encoding="utf-8")
    result = build(source, tmp_path / "pages")
    assert result.returncode != 0
    assert [each for each in DEAD if each not in result.stderr] == []
    assert result.stderr.count("WARNING") == len(DEAD)
