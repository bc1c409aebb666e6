"""The wall clock is stepped under the notifier: nothing is told twice, resolved or held up for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from mythos.alerts.notify.matchers import Matcher
from mythos.alerts.notify.secret import Secret
from mythos.alerts.notify.silences import Silence
from notify_scene import START, Scene, alert
from notify_servers import HttpServer, serving, status

HOUR_S = 3_600.0
STEPS = pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S, -600.0], ids=["ahead", "back", "back-a-little"])


async def told_once(tmp_path: Path, server: HttpServer) -> Scene:
    scene = Scene(tmp_path, f"webhook_configs: [{{url: '{server.url}'}}]")
    await scene.tell(alert())
    await scene.wait(10)
    assert len(server.requests) == 1
    return scene


@STEPS
async def test_what_was_told_is_repeated_when_that_much_time_has_passed(tmp_path: Path, step_s: float):
    """The repeat interval is an hour; rules speak of the alert each minute."""
    async with serving() as server:
        scene = await told_once(tmp_path, server)
        scene.set_clock(step_s)
        for _ in range(59):
            await scene.tell(alert(at=scene.now))
            await scene.wait(60)
        assert len(server.requests) == 1, "neither resolved nor repeated"
        for _ in range(3):
            await scene.tell(alert(at=scene.now))
            await scene.wait(60)
        assert [body["status"] for body in server.bodies] == ["firing", "firing"]
        await scene.notifier.aclose()


@STEPS
async def test_nothing_resolves_before_the_rules_speak_again(tmp_path: Path, step_s: float):
    async with serving() as server:
        scene = await told_once(tmp_path, server)
        await scene.wait(60)
        scene.set_clock(step_s)
        await scene.tell(alert("Full", at=scene.now))
        await scene.wait(60)
        assert [view.alert.name for view in scene.notifier.list_alerts()] == ["Full", "Lag"]
        assert all(scene.now < view.alert.ends_at <= scene.now + 240 for view in scene.notifier.list_alerts())
        assert {body["status"] for body in server.bodies} == {"firing"}
        await scene.notifier.aclose()


@STEPS
async def test_what_could_not_be_told_is_tried_when_it_was_to_be(tmp_path: Path, step_s: float):
    async with serving(status(503), status(503), status(503)) as server:
        scene = Scene(tmp_path, f"webhook_configs: [{{url: '{server.url}'}}]")
        await scene.tell(alert())
        await scene.wait(10)
        await scene.wait(1)
        assert len(server.requests) == 2
        scene.set_clock(step_s)
        await scene.wait(1)
        assert len(server.requests) == 2, "two seconds after the second"
        await scene.wait(1)
        assert len(server.requests) == 3
        await scene.notifier.aclose()


@STEPS
async def test_an_alertmanager_is_tried_again_and_told_of_ends_by_the_clock(tmp_path: Path, step_s: float):
    async with serving(status(503), status(503)) as server:
        scene = Scene(tmp_path, "", alertmanagers=[Secret(server.url)])
        await scene.tell(alert(resolved_at=START))
        await scene.wait(1)
        assert len(server.requests) == 2
        scene.set_clock(step_s)
        await scene.wait(2)
        assert len(server.requests) == 3
        assert server.bodies[0][0]["endsAt"] != server.bodies[2][0]["endsAt"]
        await scene.notifier.aclose()


@STEPS
async def test_a_silence_ends_by_the_clock(tmp_path: Path, step_s: float):
    async with serving() as server:
        scene = Scene(tmp_path, f"webhook_configs: [{{url: '{server.url}'}}]")
        matcher = Matcher("alertname", "Lag", "=")
        scene.notifier.set_silence(Silence("", (matcher,), START, START + 1_800, "ann", "we know", START))
        scene.set_clock(step_s)
        await scene.tell(alert(at=scene.now))
        await scene.wait(10)
        assert bool(server.requests) == (step_s > 0)
        await scene.notifier.aclose()


@STEPS
async def test_the_heartbeat_goes_on(tmp_path: Path, step_s: float):
    async with serving() as server:
        scene = Scene(tmp_path, "", heartbeat_url=Secret(server.url), heartbeat_s=60)
        await scene.tell()
        assert len(server.requests) == 1
        scene.set_clock(step_s)
        await scene.wait(59)
        assert len(server.requests) == 1
        await scene.wait(1)
        assert len(server.requests) == 2
        await scene.notifier.aclose()
