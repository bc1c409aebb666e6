"""docs/api/openapi.yaml is a valid document of exactly the routes that the server has, and finds what is wrong."""

import re
from collections.abc import Iterator
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

import contract

ROUTER = Path(__file__).resolve().parents[2] / "cpp" / "transport" / "http_router.cpp"
ROWS = re.compile(r'Row\{Route::(\w+), "([A-Z]+)", "([^"]+)"\}')


def test_the_document_is_openapi():
    validate(contract.document())
    assert contract.document()["info"]["version"] == version("mythos")


def test_the_document_has_exactly_the_routers_routes():
    source = ROUTER.read_text()
    rows = ROWS.findall(source)
    assert len(rows) == source.count("Row{Route::"), "each row has the form that this test reads"
    routes = {(method.lower(), path) for _, method, path in rows}
    paths = contract.document()["paths"]
    documented = {(method, path) for path, methods in paths.items() for method in methods}
    assert documented == routes


async def test_each_path_has_the_documents_methods_on_a_live_server(api):
    for path, methods in contract.document()["paths"].items():
        answer = await api.http.options(re.sub(r"\{\w+\}", "x", path))
        allowed = set(answer.headers["allow"].split(", "))
        assert allowed - {"HEAD", "OPTIONS"} == {method.upper() for method in methods}, path


def answered(body, *, path="/api/channels", status=200, headers=None):
    given = {"Cache-Control": "no-store", "Vary": "Origin", **(headers or {})}
    return httpx.Response(status, json=body, headers=given, request=httpx.Request("GET", f"http://x{path}"))


def test_a_right_answer_is_let_through():
    contract.check_answer(answered({"channels": [{"channel": "room", "subscribers": 1}]}))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"channels": None},
        {"channels": [{"channel": "room", "subscribers": 0}]},
        {"channels": [{"channel": "room"}]},
        {"channels": [], "more": 1},
    ],
)
def test_a_wrong_field_is_found(body):
    with pytest.raises(AssertionError, match=r"\$"):
        contract.check_answer(answered(body))


def test_a_status_a_header_and_a_route_that_are_in_no_document_are_found():
    with pytest.raises(AssertionError, match="418"):
        contract.check_answer(answered({}, status=418))
    with pytest.raises(AssertionError, match="Cache-Control"):
        contract.check_answer(answered({"channels": []}, headers={"Cache-Control": "max-age=1"}))
    with pytest.raises(AssertionError, match="/nothing"):
        contract.check_answer(answered({}, path="/nothing"))


def broken(told: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same with one field missing, or of another type: each of them, at any depth."""

    def places(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, value in node.items() if isinstance(node, dict) else ():
            yield (*path, name)
            yield from places(value, (*path, name))

    for path in places(told, ()):
        for wrong in (None, [], "\t"):
            copy = deepcopy(told)
            node = copy
            for name in path[:-1]:
                node = node[name]
            if wrong is None:
                del node[path[-1]]
            else:
                node[path[-1]] = wrong
            yield f"{'.'.join(path)} {wrong!r}", copy


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("/health", "Health"),
        ("/health/detailed", "HealthInDetail"),
        ("/monitoring/performance", "Performance"),
        ("/monitoring/dual-connections", "DualConnections"),
    ],
)
async def test_no_field_may_be_missing_or_of_another_type(api, route, name):
    told, schema = await api.get(route), contract.schema(name)
    schema.validate(told)
    passed = [what for what, wrong in broken(told) if schema.is_valid(wrong)]
    # A text may be any, and one without a component's tags has none.
    assert [what for what in passed if not what.endswith(("last_error '\\t'", "version '\\t'"))] == []
