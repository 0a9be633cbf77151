# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from service import contract
from tests.docs.dbus_page import OURS, PAGE, SOURCE, main, page, sections


@pytest.fixture(scope="module")
def written():
    return PAGE.read_text(encoding="utf-8")


def test_the_page_is_current(written, tmp_path):
    assert page(SOURCE.read_text(encoding="utf-8")) == written, "run: make docs"
    assert main([str(tmp_path / "dbus.md")]) == 0
    assert (tmp_path / "dbus.md").read_text(encoding="utf-8") == written


@pytest.mark.parametrize("interface", OURS)
def test_everything_in_the_contract_has_its_words(interface):
    found = sections(SOURCE.read_text(encoding="utf-8"))[interface]
    assert found.path.startswith(contract.ROOT_PATH) and found.about
    methods, signals = contract.METHODS.get(interface, {}), contract.SIGNALS.get(interface, {})
    assert set(found.members) == {*methods, *signals, *contract.PROPERTIES[interface]}
    assert [member for member in (*methods, *signals) if not found.members[member]] == []


def test_errors_and_permissions_are_in_the_page(written):
    for _, name, _ in contract.ERRORS:
        assert f"| `{name}` | " in written
    for action in contract.Action:
        assert f"| `{action.value}` | " in written


def test_what_is_in_columns_stays_so(written):
    block = written.split("### GetBindingCache")[1].split("### ")[0]
    assert "```text\n2001:db8:1::/64            the home address" in block
    assert "GetBindingCache(u offset, u limit, s filter) -> aa{sv} entries, u total" in block
    assert "Possible errors" not in block


def test_words_of_markdown_are_not_read_as_such():
    text = SOURCE.read_text(encoding="utf-8").replace("Keep a home address. ", "Keep *one* <b> | [x]. ")
    assert r"Keep \*one\* \<b\> \| \[x\]. " in page(text)
