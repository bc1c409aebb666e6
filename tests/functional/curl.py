"""`curl -N` as an SSE client: raw blocks, as they stood on the wire."""

from __future__ import annotations

import asyncio
from typing import Self

from mythosd import tool

WITHIN_S = 20.0


class Block:
    """One event block: its field lines in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.fields = [tuple(line.partition(": ")[::2]) for line in text.split("\n")]

    def values(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    @property
    def data(self) -> str:
        return "\n".join(self.values("data"))


class Curl:
    """A running `curl -N -i URL`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.status = 0
        self.headers: dict[str, str] = {}

    @classmethod
    async def open(cls, url: str, *arguments: str) -> Curl:
        process = await asyncio.create_subprocess_exec(
            tool("curl"), "-N", "-s", "-i", "--noproxy", "*", *arguments, url, stdout=asyncio.subprocess.PIPE
        )
        curl = cls(process)
        head = await curl._read_until("\r\n\r\n")
        first, *lines = head.split("\r\n")
        curl.status = int(first.split()[1])
        curl.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return curl

    async def _read_until(self, end: str) -> str:
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(WITHIN_S):
                return (await self.process.stdout.readuntil(end.encode())).decode()[: -len(end)]
        except TimeoutError:
            raise AssertionError(f"curl printed no {end!r} within {WITHIN_S} s") from None

    async def block(self) -> Block:
        """The next block that has fields; comments pass."""
        while True:
            block = Block(await self._read_until("\n\n"))
            if any(not line.startswith(":") for line in block.text.split("\n") if line):
                return block

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()
