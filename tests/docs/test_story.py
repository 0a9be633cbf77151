# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages, typed in the lab in this order, from two services as they are after an installation.

A page may need what pages before it did: whoever has no home agent cannot invite.
"""

import pytest

from tests.docs.blocks import Block, blocks, name_of, pages
from tests.docs.typist import NotAsPrinted, Place, Typist

pytestmark = pytest.mark.lab

STORY = (
    "home-agent/server.md",
    "home-agent/router.md",
    "home-agent/invitations.md",
    "guide/start.md",
    "guide/every-day.md",
    "guide/when.md",
    "home-agent/keys.md",
    "developer/start.md",
    "developer/dbus.md",
    "home-agent/running.md",
)
ELSEWHERE = ("developer/engine.md", "developer/lab.md")
"""Pages with programs that need no service; see test_programs.py."""

# As after an installation; only how packets are carried is fixed, so that the pages say the same on every kernel.
INSTALLED = 'version = 1\n\n[network]\ndatapath = "portable"\n'


def runnable(page: str) -> list[Block]:
    """What is typed of a page, in its order."""
    found = [*(each for each in blocks("console", page) if each.is_run), *blocks("python", page)]
    return sorted(found, key=lambda each: each.line)


@pytest.fixture(scope="module")
def typist(lab, tmp_path_factory):
    lab.nodes["r"].ip("route add 2001:db8:7::/64 via 2001:db8:ffff:0:1::2")  # the server's provider did that
    lab.add_second_interface()
    places = {
        "home-agent": Place(lab.home_agent, lab.start_service(lab.home_agent, INSTALLED)),
        "laptop": Place(lab.laptop, lab.start_service(lab.laptop, INSTALLED)),
        "elsewhere": Place(lab.correspondent, None),
    }
    return Typist(lab, places, tmp_path_factory.mktemp("typed"))


def test_every_page_with_something_to_run_has_its_place():
    with_commands = {name_of(page) for page in pages() if runnable(name_of(page))}
    assert with_commands == {*STORY, *ELSEWHERE}


@pytest.mark.parametrize("page", STORY)
def test_it_is_as_printed(typist, page):
    before = typist.typed
    typist.type_page(runnable(page))
    assert typist.typed > before


def test_what_is_not_as_printed_is_found(typist):
    wrong = Block("made/up.md", 1, "console", ("laptop",), "$ mnctl settings get autoconfiguration.ask_first\nmaybe\n")
    with pytest.raises(NotAsPrinted, match="true"):
        typist.type_page([wrong])
    unknown = Block("made/up.md", 1, "console", ("laptop",), "$ mnctl settings get no.such\n...\n")
    with pytest.raises(NotAsPrinted, match="no.such"):
        typist.type_page([unknown])
