# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from tests.docs.answers import Page
from tests.docs.blocks import blocks_in


@pytest.mark.parametrize(
    "expected, printed",
    [
        (["At home"], "At home\n"),
        (["A  B"], "A B   \n\n"),
        (["reachable at HOME_ADDRESS (until TIME)"], "reachable at 2001:db8::1 (until 09:15)"),
        (["until TIME"], "until 2026-12-03 09:15"),
        (["to PREFIX in DURATION, NUMBER lost"], "to 2001:db8:2::/64 in 31 ms, 0 lost"),
        (["first", "...", "last"], "first\nlast"),
        (["first", "...", "last"], "first\n\nin between\nlast"),
        (["..."], ""),
        (["a ... c"], "a b c"),
        (["KEY"], "rfc4285, hmac-sha1-96"),
        (["NUMBER  ALLOWED"], "NUMBER  ALLOWED"),
        ([""], ""),
    ],
)
def test_what_is_as_printed(expected, printed):
    assert Page().matches(expected, printed)


@pytest.mark.parametrize(
    "expected, printed",
    [
        (["At home"], "Away"),
        (["At home"], "At home\nand more"),
        (["At home", "and more"], "At home"),
        (["at HOME_ADDRESS"], "at home"),
        (["until TIME"], "until noon"),
        (["in DURATION"], "in 31"),
        (["NUMBER"], "many"),
        (["HOME_ADDRESS and HOME_ADDRESS"], "2001:db8::1 and 2001:db8::2"),
        (["first", "...", "last"], "first\nthen"),
        (["(a+)"], "aa"),
        ([""], "something"),
    ],
)
def test_what_is_not(expected, printed):
    assert not Page().matches(expected, printed)


def test_a_word_means_the_same_in_the_whole_page():
    page = Page()
    assert page.matches(["HOME_ADDRESS is kept"], "2001:db8::1 is kept")
    assert not page.matches(["at HOME_ADDRESS"], "at 2001:db8::2")
    assert page.matches(["at HOME_ADDRESS", "CARE_OF_ADDRESS"], "at 2001:db8::1\n2001:db8:2::5")
    assert page.filled_in("mnctl home-addresses remove HOME_ADDRESS") == "mnctl home-addresses remove 2001:db8::1"


TEXT = """\
# A page

```console home-agent away
$ sudo mnctl keys set A \\
    --kind rfc4285 \\
    --algorithm x
done
$ mnctl keys
```

```console form
$ mnctl watch
```
"""


def test_commands_and_answers_are_read():
    block, other = blocks_in(TEXT, "guide/made-up.md")
    first, second = block.commands()
    assert (block.machine, block.is_run, str(block)) == ("home-agent", True, "guide/made-up.md:3")
    assert (first.text, first.answer) == ("sudo mnctl keys set A --kind rfc4285 --algorithm x", ("done",))
    assert (first.as_root[:5], second.answer) == ("mnctl", ())
    assert (other.machine, other.is_run) == ("laptop", False)


def test_an_answer_without_a_command_is_refused():
    (block,) = blocks_in("```console\nAt home\n```\n", "guide/made-up.md")
    with pytest.raises(ValueError, match="without a command"):
        block.commands()
