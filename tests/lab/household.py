# SPDX-License-Identifier: GPL-2.0-or-later
"""A roaming laptop whose two services were started otherwise than usual."""

from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.service import Service


class Household(Roaming):
    """As `Roaming`, with services that run already, or are started with settings of one's own."""

    def __init__(self, lab: Lab, *, home_agent: Service | None = None, laptop: Service | None = None) -> None:
        super().__init__(lab)
        self._home_agent = home_agent
        self._laptop = laptop

    def states(self) -> list[str]:
        """How the laptop's home addresses stand, in the words of `mnctl --json`."""
        return [entry.state.value for entry in self.home_addresses()]

    def is_in_state(self, *states: str, within: float = 10.0) -> None:
        """Wait until the laptop's home addresses stand so."""

        def ask() -> bool:
            now = self.states()
            assert now == list(states), f"they are {now}"
            return True

        self.lab.eventually(ask, within=within, what=f"the home addresses are {', '.join(states)}")

    def bound(self) -> dict[str, str]:
        """Home addresses and care-of addresses that the home agent knows of."""
        cache = self.home_agent.mnctl("bindings")["binding_cache"]
        return {entry["home_address"]: entry["care_of_address"] for entry in cache}
