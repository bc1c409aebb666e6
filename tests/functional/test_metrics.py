"""The metrics endpoint of a running server: known traffic, and exactly these numbers in it."""

import re

from prometheus_client.openmetrics.parser import text_string_to_metric_families

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


async def test_openmetrics_and_gzip_tell_the_same_where_they_are_asked_for(start_server):
    server = start_server()
    accept = {"Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"}
    async with Api(server.url) as api:
        text = await scrape(api)
        plain = await api.http.get("/metrics", headers={**accept, "Accept-Encoding": "identity"})
        packed = await api.http.get("/metrics", headers={**accept, "Accept-Encoding": "gzip"})
        assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) < len(plain.content) / 4
        for answer in (plain, packed):
            assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
            families = list(text_string_to_metric_families(answer.text))
            samples = {sample.name for family in families for sample in family.samples}
            assert {series.split("{")[0] for series in text} == samples
            types = {family.name: family.type for family in families}
            assert types["mythos_connections_total"] == "unknown" and types["mythos_deliveries"] == "counter"


async def test_metrics_are_read_only(api):
    answer = await api.post("/metrics", {})
    assert answer.status_code == 405
    head = await api.http.head("/metrics")
    assert head.status_code == 200 and not head.content
