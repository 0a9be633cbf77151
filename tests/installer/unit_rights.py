# SPDX-License-Identifier: GPL-2.0-or-later
"""The rights that a unit gives its service, given by hand where no systemd does it."""

import re


def one(unit: str, name: str) -> str:
    """The only value of an option in the text of a unit. ValueError when it is not there once."""
    (value,) = re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)
    return str(value)


def setpriv(unit: str, user: str) -> list[str]:
    """What to put in front of a command, so that it runs as this user (and group) with what the unit leaves it."""
    names = one(unit, "AmbientCapabilities").split()
    capabilities = "-all," + ",".join("+" + each.removeprefix("CAP_").lower() for each in names)
    options = ["--bounding-set", "--inh-caps", "--ambient-caps"]
    rights = [word for option in options for word in (option, capabilities)]
    return ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", *rights]
