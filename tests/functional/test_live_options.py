"""Every option that the reference page calls live takes effect at SIGHUP; every name of the guide sets its option."""

import asyncio
import json
import re
import signal

import pytest

from api import Api
from live_options import EFFECTS, UNSEEN, Place
from mythosd import GUIDE_NAMES, run_to_end

REFERENCE = run_to_end("--reference").stdout
# option | default | takes | live | guide's name | what it does
ROWS = re.findall(
    r"^\| `([a-z_.]+)` \| [^|]* \| [^|]* \| (yes|restart) \| (?:[^|`]+|`([A-Z_]+)`) \|", REFERENCE, re.MULTILINE
)
LIVE = [option for option, live, _ in ROWS if live == "yes"]
GUIDE = {guide: option for option, _, guide in ROWS if guide}
LATER = re.findall(
    r"^\| `[a-z_.]+` \| [^|]* \| `([A-Z_]+)` \|", REFERENCE.split("## Not in this version")[1], re.MULTILINE
)


def test_every_live_option_has_its_effect_or_the_reason_why_none_shows():
    assert set(LIVE) == set(EFFECTS) | set(UNSEEN)
    assert not set(EFFECTS) & set(UNSEEN)


def test_every_name_of_the_guide_is_known():
    assert set(GUIDE) | set(LATER) == GUIDE_NAMES


@pytest.mark.parametrize("option", sorted(EFFECTS))
async def test_sighup(start_server, player, option):
    effect = EFFECTS[option]
    server = start_server({**effect.others, option: effect.before})
    async with Api(server.url) as api:
        probe = effect.probe(Place(server, api, player))
        await anext(probe)
        server.options[option] = effect.after
        server.write_config()
        server.signal(signal.SIGHUP)
        await asyncio.to_thread(server.wait_log, f"{option} changed", _changed(option))
        # Each loop takes it up in its next turn.
        for _ in range(4):
            await api.http.get("/livez")
        assert await anext(probe, "ended") == "ended"


def _changed(option):
    return lambda line: line["event"] == "Option changed" and line["option"] == option


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


@pytest.mark.parametrize("name", sorted(LATER))
def test_a_name_of_the_guide_without_effect_is_warned_of(start_server, name):
    server = start_server({}, {name: "5" if name != "ENABLE_METRICS" else "true"})
    line = server.wait_log("the warning", lambda line: name in json.dumps(line))
    assert line["level"] == "warning" and "no effect" in line["reason"]
