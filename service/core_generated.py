# SPDX-License-Identifier: GPL-2.0-or-later
"""The key of generated home addresses as the core has it: made when the settings ask for it, and then kept for good."""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from mnclient.model.config import NodeConfig
from mnclient.model.generated_address import GeneratingKey
from mnclient.model.problems import ProblemCode
from mnclient.runtime.entropy import new_private_key
from mnclient.security.generated_addresses import generating_key, made_with
from mnclient.wire.cga_parameters import MODIFIER_LENGTH
from service.core_problems import ServiceProblems
from service.generated_key_file import FILE, load_generating_key, save_generating_key
from service.key_file import FOLDER, FileRefused

_log = logging.getLogger(__name__)

_SEARCHES: Final = 3  # each fails once in nine million times


class GeneratedAddresses:
    """The key, and which home addresses are made with it. `make` draws a new private key."""

    def __init__(
        self, state_directory: Path, problems: ServiceProblems, make: Callable[[], bytes] = new_private_key
    ) -> None:
        self._path = state_directory / FOLDER / FILE
        self._problems = problems
        self._make = make
        self.key: GeneratingKey | None = None
        """None while the settings do not want it, or the file cannot be used."""

    def apply(self, wanted: bool) -> None:
        """The settings were read: have a key, or have none. The first time it takes a fifth of a second of CPU."""
        path = str(self._path)
        self._problems.clear(ProblemCode.KEY_FILE_REFUSED, path)
        if not wanted:
            self.key = None
            return
        try:
            self.key = load_generating_key(self._path) or self._new()
        except (FileRefused, OSError) as error:
            reason = error.reason if isinstance(error, FileRefused) else f"it cannot be written ({error.strerror})"
            self.key = None
            _log.error("%s is not used: %s", path, reason)
            self._problems.add(ProblemCode.KEY_FILE_REFUSED, path, reason)

    def _new(self) -> GeneratingKey | None:
        """A new key, on disk before anything is made with it."""
        private_key = self._make()
        for _ in range(_SEARCHES):
            key = generating_key(private_key, os.urandom(MODIFIER_LENGTH))
            if key is not None:
                save_generating_key(self._path, key)
                return key
        return None

    def used_in(self, config: NodeConfig) -> NodeConfig:
        """The configuration with what proves those home addresses that are made with the key."""
        mobile_node, key = config.mobile_node, self.key
        if mobile_node is None or key is None:
            return config
        found = (made_with(key, each.address) for each in mobile_node.home_addresses)
        generated = tuple(each for each in found if each is not None)
        return replace(config, mobile_node=replace(mobile_node, generated_addresses=generated))

    def stop(self) -> None:
        """Let go of the key."""
        self.key = None
