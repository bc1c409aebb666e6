"""Every option that the reference page calls live takes effect at SIGHUP; every name of the guide sets its option."""

import re
import signal
from functools import partial

import pytest

import live_options_monitor  # noqa: F401  (registers its effects)
from api import Api, until
from live_options import EFFECTS, UNSEEN, Place
from mythosd import GUIDE_NAMES, SERVE, run_to_end

REFERENCE = run_to_end("--reference").stdout
# option | default | takes | live | guide's name | what it does
ROWS = re.findall(
    r"^\| `([a-z_.]+)` \| [^|]* \| [^|]* \| (yes|restart) \| (?:[^|`]+|`([A-Z_]+)`) \|", REFERENCE, re.MULTILINE
)
LIVE = [option for option, live, _ in ROWS if live == "yes"]
GUIDE = {guide: option for option, _, guide in ROWS if guide}
TOLD_BY_MYTHOSD_ALONE = {"drain.timeout_s"}  # in the line of its log that begins the drain


def test_every_live_option_has_its_effect_or_the_reason_why_none_shows():
    assert set(LIVE) == set(EFFECTS) | set(UNSEEN)
    assert not set(EFFECTS) & set(UNSEEN)


def test_every_name_of_the_guide_is_known():
    assert set(GUIDE) == GUIDE_NAMES


@pytest.mark.parametrize("option", sorted(EFFECTS))
async def test_sighup(start_server, player, option):
    await _change(start_server, player, option, None, _is_logged)


@pytest.mark.parametrize("option", sorted(set(EFFECTS) - TOLD_BY_MYTHOSD_ALONE))
async def test_reload_from_python(start_server, player, option):
    """`mythos serve` reads its settings at SIGHUP and gives them to `Server.reload`."""
    await _change(start_server, player, option, SERVE, _is_printed)


async def _change(start_server, player, option, program, is_told):
    effect = EFFECTS[option]
    server = start_server({**effect.others, option: effect.before}, program=program)
    async with Api(server.url) as api:
        probe = effect.probe(Place(server, api, player))
        await anext(probe)
        server.options[option] = effect.after
        server.write_config()
        server.signal(signal.SIGHUP)
        await until(f"{option} changed", partial(is_told, server, option))
        # Each loop takes it up in its next turn.
        for _ in range(4):
            await api.http.get("/livez")
        assert await anext(probe, "ended") == "ended"


async def _is_logged(server, option):
    return any(line["event"] == "Option changed" and line["option"] == option for line in server.log_lines())


async def _is_printed(server, option):
    return re.search(rf"^{re.escape(option)}: .*, was ", server.error_file.read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(GUIDE))
async def test_a_name_of_the_guide(start_server, player, name):
    option = GUIDE[name]
    if option not in EFFECTS:
        return await _is_taken(start_server, name)
    effect = EFFECTS[option]
    server = start_server(effect.others, {name: _as_variable(effect.after)})
    async with Api(server.url) as api:
        probe = effect.probe(Place(server, api, player))
        await anext(probe)
        assert await anext(probe, "ended") == "ended"


def _as_variable(value):
    return ",".join(value) if isinstance(value, list) else str(value)


async def _is_taken(start_server, name):
    """An option without a live effect: its own, or that a faulty value is refused under the guide's name."""
    if name == "LOG_FORMAT":
        server = start_server({}, {name: "console"})
        assert "Listening" in server.log_file.read_text() and server.log_lines() == []
    else:
        ended = run_to_end("--listen", "127.0.0.1:0", **{name: "soon"})
        assert ended.returncode > 0 and f"{name}: {GUIDE[name]}: must be" in ended.stderr
