"""What holds for every HTTP route: error bodies, methods, media types, Origin and Host."""

import pytest
import websockets

from api import Api, error_code
from raw_wire import RawConnection
from wires import open_sse, open_websocket

POSTS = ["/api/publish", "/api/commands", "/api/disconnect", "/api/connections/somebody/session"]
GETS = [
    "/api/channels",
    "/api/presence/room",
    "/api/history/room",
    "/api/connections/stats",
    "/livez",
    "/readyz",
    "/metrics",
    "/monitoring/connection-health",
    "/monitoring/performance",
    "/monitoring/dual-connections",
    "/monitoring/connections",
]


async def test_probes(api):
    for route in ("/livez", "/readyz"):
        assert (await api.http.get(route)).status_code == 200


async def test_an_unknown_route(api):
    for route in ("/nothing", "/api", "/api/", "/ws", "/ws/", "/sse", "/api/publish/x", "/%2e%2e/etc/passwd"):
        answer = await api.http.get(route)
        assert answer.status_code == 404, route
        assert error_code(answer) == "not_found"
        assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("route", POSTS)
async def test_posts_take_no_get(api, route):
    answer = await api.http.get(route)
    assert answer.status_code == 405 and error_code(answer) == "method_not_allowed"
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("route", GETS)
async def test_gets_take_no_post(api, route):
    answer = await api.post(route, {})
    assert answer.status_code == 405 and error_code(answer) == "method_not_allowed"
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("route", POSTS)
@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None, "application/jsonx"]
)
async def test_posts_need_json(api, route, media):
    headers = {"Content-Type": media} if media else {}
    answer = await api.http.post(route, content=b"{}", headers=headers)
    assert answer.status_code == 415 and error_code(answer) == "unsupported_media_type"


async def test_a_charset_does_no_harm(api, player):
    answer = await api.http.post(
        "/api/publish",
        content=b'{"player":"x","type":"t","data":{}}',
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert answer.status_code == 200


async def test_the_error_body(api):
    answer = await api.http.get("/nothing?x=<script>")
    body = answer.json()
    assert error_code(answer) == "not_found"
    assert isinstance(body["timestamp"], (str, float, int)) and isinstance(body["details"], dict)
    assert "<script>" not in answer.text and "/work" not in answer.text


@pytest.mark.parametrize("route", POSTS)
async def test_a_foreign_origin_may_not_post(api, route):
    answer = await api.http.post(route, json={}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403 and error_code(answer) == "origin_not_allowed"
    assert "access-control-allow-origin" not in answer.headers


async def test_the_own_origin_and_none_may(server, api, player):
    for headers in ({"Origin": server.url}, {}):
        answer = await api.http.post("/api/publish", json={"player": player, "type": "t", "data": {}}, headers=headers)
        assert answer.status_code == 200


async def test_a_foreign_origin_gets_no_websocket(server, player):
    for origin in (
        "http://evil.example",
        "null",
        "https://127.0.0.1",
        f"http://127.0.0.1:{server.port + 1}",
    ):
        with pytest.raises(websockets.InvalidStatus) as refusal:
            await open_websocket(server, player, options={"origin": origin})
        assert refusal.value.response.status_code == 403, origin
    # Behind a proxy that ends TLS the browser's origin is https and the Host the same.
    for origin in (server.url, f"https://127.0.0.1:{server.port}"):
        async with await open_websocket(server, player, options={"origin": origin}) as ws:
            assert ws.welcome


async def test_a_foreign_origin_gets_no_event_stream(server, api, player):
    answer = await api.http.get(f"/sse/{player}", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403 and error_code(answer) == "origin_not_allowed"


async def test_a_listed_origin_is_allowed_on_every_route(start_server, player):
    friend = "https://game.example"
    server = start_server({"http.origins": [friend]})
    async with Api(server.url) as api:
        async with await open_websocket(server, player, options={"origin": friend}) as ws:
            assert ws.welcome
        answer = await api.http.post(
            "/api/publish", json={"player": player, "type": "t", "data": {}}, headers={"Origin": friend}
        )
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == friend
        assert "origin" in answer.headers["vary"].lower()
        preflight = await api.http.options(
            "/api/commands",
            headers={
                "Origin": friend,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type",
            },
        )
        assert preflight.is_success
        assert preflight.headers["access-control-allow-origin"] == friend
        assert "content-type" in preflight.headers["access-control-allow-headers"].lower()


async def test_a_wildcard_allows_everyone_without_credentials(start_server, player):
    server = start_server({"http.origins": ["*"]})
    async with Api(server.url) as api:
        body = {"player": player, "type": "t", "data": {}}
        answer = await api.http.post("/api/publish", json=body, headers={"Origin": "http://any.example"})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        own = await api.http.get("/api/channels", headers={"Origin": server.url})
        assert own.headers["access-control-allow-origin"] == server.url
        assert own.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    "host,status",
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("localhost", 200),
        ("localhost.", 200),
        ("[::1]:{port}", 200),
        ("evil.example", 421),
        ("evil.example:{port}", 421),
        ("127.0.0.1.evil.example", 421),
        ("10.0.0.1", 421),
    ],
)
async def test_host_must_be_a_loopback_name(server, api, host, status):
    answer = await api.http.get("/api/channels", headers={"Host": host.format(port=server.port)})
    assert answer.status_code == status
    if status == 421:
        assert error_code(answer) == "host_not_allowed"


async def test_an_allowed_host_is_let_in(start_server):
    server = start_server({"http.allowed_hosts": ["game.example"]})
    async with Api(server.url) as api:
        assert (await api.http.get("/api/channels", headers={"Host": "game.example"})).status_code == 200
        assert (await api.http.get("/api/channels", headers={"Host": "other.example"})).status_code == 421


async def test_a_connection_serves_many_requests(api, player):
    """Keep-alive, so that a publisher pays for one connection."""
    for n in range(50):
        await api.publish("test.n", {"n": n}, player=player)
    pool = api.http._transport._pool
    assert len(pool.connections) == 1


async def test_head_and_options_are_answered(api):
    head = await api.http.head("/livez")
    assert head.status_code == 200 and head.content == b"" and int(head.headers["content-length"]) > 0
    options = await api.http.options("/api/publish")
    assert options.status_code == 204 and options.headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("route", ["/ws/p1", "/sse/p1", "/api/ws", "/api/events"])
async def test_a_stream_has_no_head(api, route):
    head = await api.http.head(route)
    assert head.status_code == 405 and head.headers["allow"] == "GET, OPTIONS"
    options = await api.http.options(route)
    assert options.status_code == 204 and options.headers["allow"] == "GET, OPTIONS"


@pytest.mark.parametrize(
    "head,status",
    [
        ("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", 400),
        ("GET /livez HTTP/1.1\r\n", 400),
        ("GET http://localhost/livez HTTP/1.1\r\nHost: evil.example\r\n", 200),
        ("GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\n", 421),
        ("GET // HTTP/1.1\r\nHost: localhost\r\n", 404),
    ],
)
async def test_the_host_of_a_request_is_one(server, head, status):
    async with await RawConnection.connect(server.port) as raw:
        await raw.send(f"{head}\r\n".encode())
        assert (await raw.head())[0] == status


async def test_an_upgrade_that_is_none(server, api, player):
    answer = await api.http.get(f"/ws/{player}")
    assert answer.status_code == 426 and error_code(answer) == "bad_upgrade"
    answer = await api.http.get(
        f"/ws/{player}",
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "8",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        },
    )
    assert answer.status_code == 426 and answer.headers["sec-websocket-version"] == "13"


async def test_a_stream_is_not_cut_by_idle_http_limits(start_server, player):
    server = start_server({"limits.request_timeout_s": 1, "heartbeat_ms": 200})
    async with Api(server.url) as api, await open_sse(server, player) as sse:
        for _ in range(8):
            await sse.control("mythos.heartbeat")
        assert await sse.fence(api) == []
