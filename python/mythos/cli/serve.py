"""`mythos serve`: a server in this process, bare or with the demo game."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from mythos import _core, errors, game
from mythos.cli import exits
from mythos.cli.options import AsJson
from mythos.logs import configure_logging
from mythos.server import Server
from mythos.server_alerts import alert_files
from mythos.settings import Settings, warnings_of

Config = Annotated[
    Path | None, typer.Option("--config", help="TOML file; without it mythos.toml, if it is there.", dir_okay=False)
]
Listen = Annotated[str | None, typer.Option("--listen", metavar="HOST:PORT", help="Port 0 takes a free one.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="An option, such as session.grace_s=60; may be given again."),
]

NO_FILES = {"alerts.state": "", "alerts.incidents": "", "alerts.recordings": ""}
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    listen: Listen = None,
    config: Config = None,
    set_: Set = None,
    demo: Annotated[bool, typer.Option("--demo", help="Serve the demo game.")] = False,
    bots: Annotated[int, typer.Option(min=0, max=1000, help="Bots in the game.")] = 8,
    bot_rate: Annotated[float, typer.Option(min=0.001, help="What each bot does a second: it walks or talks.")] = 0.2,
    port_file: Annotated[Path | None, typer.Option(help="File that gets the port once it listens.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a server until it is interrupted (Ctrl-C) or terminated; then everybody is asked to come back elsewhere.

    On SIGHUP the configuration is read again, and what may change while it runs does.
    """

    def read() -> Settings:
        settings = settings_of(listen, config, set_ or [])
        return for_a_program(for_a_demo(settings) if demo else settings)

    server = Server(checked(read))
    warn(warnings_of(config))
    with exits.mapped():
        try:
            with logging_of(server.settings):
                asyncio.run(_serve(server, read, bots if demo else None, bot_rate, port_file, as_json))
        except errors.StartFailed as error:
            wrong_config = error.code in ("bad_config", "exposed_without_authentication", "log_file")
            exits.fail(exits.BAD_CONFIG if wrong_config else exits.FAILED, error)


def check_config(
    config: Config = None,
    listen: Listen = None,
    set_: Set = None,
    as_json: AsJson = False,
) -> None:
    """Check the configuration, and print every option with its value; ends with 3 if a server would refuse it."""

    def read() -> Settings:
        settings = settings_of(listen, config, set_ or [])
        if exposure := _core.check_exposure(settings.values):
            raise errors.ConfigError([exposure])
        alert_files(for_a_program(settings))
        return settings

    settings = checked(read, as_json)
    warnings = warnings_of(config)
    shown = settings.shown
    if as_json:
        typer.echo(json.dumps({"ok": True, "warnings": warnings, "options": shown}))
        return
    warn(warnings)
    for name, value in shown.items():
        typer.echo(f"{name} = {json.dumps(value)}")


@contextmanager
def logging_of(settings: Settings) -> Iterator[None]:
    """What Python's parts of the server log is among the core's lines."""
    handler = configure_logging(settings)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def settings_of(listen: str | None, config: Path | None, given: list[str]) -> Settings:
    options: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            exits.fail(exits.USAGE, f"--set takes NAME=VALUE, not {each!r}")
        options[name] = _value_of(value)
    if listen is not None:
        options["listen"] = listen
    return Settings(config, **options)


def checked(read: Callable[[], Settings], as_json: bool = False) -> Settings:
    try:
        return read()
    except errors.ConfigError as error:
        if as_json:
            typer.echo(json.dumps({"ok": False, "complaints": error.complaints}))
        complain(error)
        raise typer.Exit(exits.BAD_CONFIG) from None


def warn(warnings: list[str]) -> None:
    for warning in warnings:
        typer.echo(f"mythos: warning: {warning}", err=True)


def complain(error: errors.ConfigError) -> None:
    for complaint in error.complaints:
        typer.echo(f"mythos: {complaint}", err=True)


def reload(server: Server, read: Callable[[], Settings]) -> None:
    """A faulty configuration changes nothing but the log's file, which is opened anew in any case."""
    server.reopen_log()
    try:
        changed = server.reload(read())
    except errors.ConfigError as error:
        return complain(error)
    for name, old, new in changed["live"]:
        typer.echo(f"{name}: {new}, was {old}", err=True)
    for name, old, new in changed["waits_for_restart"]:
        typer.echo(f"{name}: stays {old} until a restart, then {new}", err=True)


def for_a_program(settings: Settings) -> Settings:
    """This program is nothing but a server, which has a log file and keeps a history, unless it was told otherwise."""
    of_a_program = {
        "log.file": _core.PROGRAM_LOG_FILE,
        "store.url": _core.PROGRAM_STORE_URL,
        "alerts.rules": ["packaged"],
    }
    values = settings.values
    return settings.changed(**{n: own for n, own in of_a_program.items() if values[n] in ("auto", ["auto"])})


def for_a_demo(settings: Settings) -> Settings:
    """Where nothing else was asked for: no log line a connection, no waiting at the end, no history in a file."""
    defaults, changed = Settings.only().values, {}
    for name, value in {"log.level": "warning", "drain.spread_ms": 0, "store.url": "none", **NO_FILES}.items():
        if settings.values[name] == defaults[name]:
            changed[name] = value
    return settings.changed(**changed)


def _value_of(text: str) -> Any:
    """JSON where it is some (numbers, true, lists), else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


async def _serve(
    server: Server,
    read: Callable[[], Settings],
    bots: int | None,
    bot_rate: float,
    port_file: Path | None,
    as_json: bool,
) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, ended.set)
    async with AsyncExitStack() as stack:
        if bots is None:
            await stack.enter_async_context(server)
        else:
            await stack.enter_async_context(game.running(server, bots, bot_rate))
        loop.add_signal_handler(signal.SIGHUP, reload, server, read)
        if port_file is not None:
            port_file.write_text(f"{server.port}\n")
        typer.echo(json.dumps({"url": server.url, "port": server.port}) if as_json else greeting(server, bots))
        await ended.wait()
        typer.echo("stopping; once more, and nobody is waited for", err=True)
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def greeting(server: Server, bots: int | None) -> str:
    url = urlsplit(server.url)
    plain = _core.greeting(url.hostname or "", server.port).strip("\n")
    if bots is None:
        return plain
    elsewhere = "" if server.url == "http://127.0.0.1:8000" else f" --url {server.url}"
    return (
        f"The game is on {server.url}, with {bots} bots. "
        f"Play it in another terminal: {_program()} play ann{elsewhere}\n"
        f"In there, cut a wire with `/cut ws` or `/cut sse`, and bring it back with `/restore`.\n\n{plain}"
    )


def _program() -> str:
    """As it has to be typed: the path, where it is not found by its name."""
    started = Path(sys.argv[0])
    if started.name != "mythos" or shutil.which("mythos") == str(started.resolve()):
        return "mythos"
    return os.path.relpath(started)
