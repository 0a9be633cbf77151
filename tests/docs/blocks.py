# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents as the tests read them: pages, fenced blocks, and the commands in these with their answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
FOLDERS: Final = ("guide", "home-agent", "developer")
PROMPT: Final = "$ "
FORM: Final = "form"
MACHINES: Final = ("laptop", "home-agent", "elsewhere")
AWAY: Final = "away"
WORDS: Final = frozenset((FORM, AWAY, *MACHINES))
"""What may stand behind `console`; docs/developer/documents.md says what each means."""

_markdown = MarkdownIt().enable("table")


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed, in one line, and the lines that the page prints below it."""

    text: str
    answer: tuple[str, ...]

    @property
    def as_root(self) -> str:
        """The same without `sudo`: in the lab everybody is root."""
        return self.text.replace("sudo ", "")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `line`: its first line in the page, from 1; `words`: what stands behind the language."""

    page: str
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def machine(self) -> str:
        """Where it is typed."""
        named = [each for each in self.words if each in MACHINES]
        return named[0] if named else ("home-agent" if self.page.startswith("home-agent/") else "laptop")

    @property
    def is_run(self) -> bool:
        """Whether the lab runs it."""
        return self.language == "console" and FORM not in self.words

    def commands(self) -> list[Command]:
        """The commands of a `console` block. ValueError for an answer without a command."""
        found: list[tuple[str, list[str]]] = []
        is_continued = False
        for line in self.text.splitlines():
            if is_continued:
                found[-1] = (found[-1][0].removesuffix("\\") + line.strip(), found[-1][1])
            elif line.startswith(PROMPT):
                found.append((line.removeprefix(PROMPT), []))
            elif not found:
                raise ValueError(f"{self}: an answer without a command: {line}")
            else:
                found[-1][1].append(line)
            is_continued = (is_continued or line.startswith(PROMPT)) and line.endswith("\\")
        return [Command(text, tuple(answer)) for text, answer in found]


def pages() -> list[Path]:
    """The pages for the three readers."""
    return [DOCS / "index.md", *(each for folder in FOLDERS for each in sorted((DOCS / folder).glob("*.md")))]


def name_of(page: Path) -> str:
    """Like guide/start.md."""
    return page.relative_to(DOCS).as_posix()


def blocks_in(text: str, page: str) -> Iterator[Block]:
    """The fenced blocks of a page's text."""
    for token in _markdown.parse(text):
        if token.type == "fence" and token.map is not None:
            language, *words = token.info.split() or [""]
            yield Block(page, token.map[0] + 1, language, tuple(words), token.content)


def blocks(language: str, *names: str) -> list[Block]:
    """The blocks in this language, of all pages or of those named, in their order."""
    chosen = [DOCS / name for name in names] or pages()
    found = (each for page in chosen for each in blocks_in(page.read_text(encoding="utf-8"), name_of(page)))
    return [each for each in found if each.language == language]


def inline_codes(text: str) -> list[str]:
    """What stands between single backticks."""
    found = (child for token in _markdown.parse(text) for child in token.children or ())
    return [each.content for each in found if each.type == "code_inline"]


def headings(text: str, tag: str) -> list[str]:
    """The titles of one rank, like "h3"."""
    tokens = _markdown.parse(text)
    return [after.content for each, after in pairwise(tokens) if (each.type, each.tag) == ("heading_open", tag)]
