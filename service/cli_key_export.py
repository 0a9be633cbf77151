# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl keys export`: an invitation as the configuration of another program. Nothing is asked of the service.

The service never gives a secret out: whoever exports has the invitation.
"""

import argparse

from service.cli_join import read_invitation
from service.cli_output import Output
from service.client import Client
from service.key_export import Form, Side, export


async def export_keys(_client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Print it."""
    form, side = Form(arguments.form), Side(arguments.side)
    text = export(await read_invitation(arguments), form, side)
    if output.as_json:
        output.json(form=form.value, side=side.value, text=text)
    else:
        output.line(text.rstrip("\n"))
