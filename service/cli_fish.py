# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion for the shell fish, made from a parser of argparse."""

import argparse
from collections.abc import Iterator


def completion(words: argparse.ArgumentParser) -> str:
    """A script for fish that completes the commands and options of this parser."""
    return "\n".join([f"complete -c {words.prog} -f", *_lines(words, words.prog, ())]) + "\n"


def _lines(words: argparse.ArgumentParser, program: str, path: tuple[str, ...]) -> Iterator[str]:
    below = _commands(words)
    condition = _condition(path, tuple(below))
    for action in words._actions:
        if action.option_strings and action.help != argparse.SUPPRESS:
            yield " ".join([f"complete -c {program}{condition}", *_option(action)])
        elif not action.option_strings and action.metavar == "FILE":
            yield f"complete -c {program}{condition} -F"
    for name, (text, _) in below.items():
        yield f"complete -c {program}{condition} -a {name} -d {_quoted(text)}"
    for name, (_, each) in below.items():
        yield from _lines(each, program, (*path, name))


def _commands(words: argparse.ArgumentParser) -> dict[str, tuple[str, argparse.ArgumentParser]]:
    """The commands below this one, each with what it does in a line."""
    for action in words._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {each.dest: each.help or "" for each in action._choices_actions}
            return {name: (texts.get(name, ""), each) for name, each in action.choices.items()}
    return {}


def _condition(path: tuple[str, ...], below: tuple[str, ...]) -> str:
    """When these commands are written already, and none of those below."""
    tests = [f"__fish_seen_subcommand_from {each}" for each in path]
    if not path:
        tests = ["__fish_use_subcommand"]
    elif below:
        tests.append(f"not __fish_seen_subcommand_from {' '.join(below)}")
    return f" -n {_quoted('; and '.join(tests))}"


def _option(action: argparse.Action) -> Iterator[str]:
    for each in action.option_strings:
        yield f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}"
    if action.choices is not None:
        yield f"-x -a {_quoted(' '.join(str(each) for each in action.choices))}"
    elif action.nargs != 0:
        yield "-r -F" if action.metavar in ("FILE", "DIR") else "-x"
    if action.help:
        yield f"-d {_quoted(action.help.replace('%%', '%').split('%(')[0].rstrip(' (:'))}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
