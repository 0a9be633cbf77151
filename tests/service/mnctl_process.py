# SPDX-License-Identifier: GPL-2.0-or-later
"""mnctl in a process of its own, for what only a process shows: signals and pipes."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


async def run_beside(address, *words, env=None):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.cli",
        "--bus",
        address,
        *words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )
    return process


async def next_line(process):
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode()
