"""The metrics endpoint of a running server: known traffic, and exactly these numbers in it."""

import re

from api import Api, until
from wires import open_sse, open_websocket

SAMPLE = re.compile(r'[a-z_]+(\{([a-z_]+="[^"\\]*",?)+\})? \S+')


async def scrape(api):
    """Sample by series, of a text that is well formed: a HELP and a TYPE before each family's samples."""
    answer = await api.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples, family = {}, None
    for line in answer.text.splitlines():
        if line.startswith("#"):
            _, kind, family, *_ = line.split(" ")
            assert kind in {"HELP", "TYPE"}, line
        else:
            assert SAMPLE.fullmatch(line) and line.startswith(family), line
            series, _, value = line.rpartition(" ")
            assert series not in samples
            samples[series] = float(value)
    return samples


async def test_known_traffic_is_told_in_exact_numbers(start_server):
    server = start_server()
    async with (
        Api(server.url) as api,
        await open_websocket(server, "ann", client_id="tab") as ann,
        await open_sse(server, "bob", client_id="tab") as bob,
    ):
        for n in range(20):
            await api.publish("test.n", {"n": n}, everyone=True)
        last = (await ann.entries(20))[-1].json["id"]
        await bob.entries(20)
        await ann.send({"type": "ack", "data": {"cursor": last}})
        await api.http.get("/nothing")

        async def acknowledged():
            samples = await scrape(api)
            return samples if samples["mythos_message_acknowledgement_seconds_count"] == 20 else None

        samples = await until("all is acknowledged", acknowledged)
        assert samples['mythos_connections_opened_total{type="websocket"}'] == 1
        assert samples['mythos_connections_opened_total{type="sse"}'] == 1
        assert samples["mythos_active_connections"] == samples["mythos_sessions_total"] == 2
        assert samples["mythos_messages_published_total"] == 20
        assert samples['mythos_deliveries_total{status="written"}'] == 40
        assert samples["mythos_message_delivery_seconds_count"] == 40
        assert samples['mythos_message_delivery_seconds_bucket{le="+Inf"}'] == 40
        assert 0 < samples["mythos_message_delivery_seconds_sum"] < 40 * 20
        assert samples['mythos_connection_establishment_seconds_count{type="websocket"}'] == 1
        assert samples['mythos_http_errors_total{reason="not_found"}'] == 1
        assert samples["mythos_message_delivery_success_rate"] == 100
        assert samples["process_resident_memory_bytes"] > 1e6

        counters = await api.counters()
        told = {series: value for series, value in (await scrape(api)).items() if series in counters}
        assert told == counters, "the statistics and the metrics are one"


async def test_metrics_are_read_only(api):
    answer = await api.post("/metrics", {})
    assert answer.status_code == 405
    head = await api.http.head("/metrics")
    assert head.status_code == 200 and not head.content
