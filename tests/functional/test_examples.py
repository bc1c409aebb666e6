"""What a newcomer is told to try works: the commands that the server prints, the README's, the examples in docs/."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
from typing import Any

from api import Api
from curl import Curl
from mythosd import REPOSITORY, Mythosd

WITHIN_S = 60.0


def commands(text: str, server: Mythosd) -> list[list[str]]:
    """The curl commands in `text`, for this server."""
    lines = text.replace("\\\n", " ").replace("127.0.0.1:8000", f"127.0.0.1:{server.port}").splitlines()
    return [shlex.split(line) for line in lines if line.strip().startswith("curl ")]


async def run(*command: str) -> str:
    """Its standard output; it must end well."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 0, f"{command} ended with {process.returncode}"
    return output.decode()


async def ask(command: list[str]) -> Any:
    return json.loads(await run(*command, "-s", "-f", "--noproxy", "*"))


async def listen(command: list[str]) -> Curl:
    [url] = [word for word in command if word.startswith("http")]
    return await Curl.open(url, *(word for word in command[1:] if word not in (url, "-N")))


async def message(curl: Curl) -> dict[str, Any]:
    return dict(json.loads((await curl.block()).data))


async def test_the_commands_that_the_server_prints(server):
    listening, publishing, looking = commands(server.error_file.read_text(), server)
    async with await listen(listening) as curl:
        assert (await message(curl))["type"] == "mythos.welcome"
        published = await ask(publishing)
        assert (await message(curl))["id"] == published["id"]
        [connection] = (await ask(looking))["connections"]
        assert connection["wire"] == "sse"


async def test_the_commands_of_the_readme(server):
    listening, publishing, resuming = commands((REPOSITORY / "README.md").read_text(), server)
    async with await listen(listening) as curl:
        await message(curl)
        first = (await ask(publishing))["id"]
        assert (await message(curl))["id"] == first
    second = (await ask(publishing))["id"]
    resuming = [re.sub("(?<=Last-Event-ID: ).*", first, word) for word in resuming]
    async with await listen(resuming) as curl:
        assert (await message(curl))["data"]["recovered"] is True
        assert (await message(curl))["id"] == second


async def test_two_wires(start_server):
    server = start_server()
    script = REPOSITORY / "docs" / "examples" / "two_wires.py"
    *deaths, verdict = (await run(sys.executable, str(script), server.url)).splitlines()
    assert verdict == "200 of 200, once, in order"
    assert len(deaths) == 4, "each wire is killed on the way and at the end"
    async with Api(server.url) as api:
        counters = await api.counters()
    opened = [counters[f'mythos_connections_opened_total{{type="{wire}"}}'] for wire in ("websocket", "sse")]
    assert opened == [2, 2], "each wire was killed and came back"
