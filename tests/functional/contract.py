"""docs/api/openapi.yaml as the tests use it: which answers it allows, and an answer held to it.

Faults are told as `AssertionError` with the route, the status and where in the body the fault is.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT_FILE = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.yaml"
ROOT = "urn:mythos"


@cache
def document() -> dict[str, Any]:
    # The C loader: each test process reads a thousand lines.
    return dict(yaml.load(DOCUMENT_FILE.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resource(ROOT, DRAFT202012.create_resource(document()))


def _pointer(*names: str) -> str:
    return "/" + "/".join(name.replace("~", "~0").replace("/", "~1") for name in names)


@cache
def _validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"{ROOT}#{pointer}"}, registry=_registry())


def _resolved(node: dict[str, Any], pointer: str) -> tuple[dict[str, Any], str]:
    """What a `$ref` within the document leads to, and where that stands."""
    while "$ref" in node:
        pointer = node["$ref"].removeprefix("#")
        node = document()
        for name in pointer.split("/")[1:]:
            node = node[name.replace("~1", "/").replace("~0", "~")]
    return node, pointer


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Paths as patterns; those without a parameter first, as the router has it."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path) for path in paths]


def template_of(path: str) -> str | None:
    """The document's path that this one is of."""
    return next((name for pattern, name in _templates() if pattern.fullmatch(path)), None)


def schema(name: str) -> Draft202012Validator:
    """The validator of one of the document's schemas."""
    assert name in document()["components"]["schemas"], f"the document has no schema {name}"
    return _validator(_pointer("components", "schemas", name))


def check_answer(answer: httpx.Response) -> None:
    """Holds an answer whose body was read to the document; of a HEAD, status and headers."""
    method, path = answer.request.method.lower(), answer.request.url.raw_path.decode().partition("?")[0]
    template = template_of(path)
    what = f"{method.upper()} {path}: {answer.status_code}"
    methods = document()["paths"].get(template, {})
    asked = _operation_of(methods, method)
    if method == "options" and answer.status_code == 204:
        expected = {m.upper() for m in methods} | {"OPTIONS"}
        assert set(answer.headers["allow"].split(", ")) - {"HEAD"} == expected, f"{what}: {answer.headers['allow']}"
    elif asked is None:
        _check_response(what, answer, {"$ref": _refusal(what, answer.status_code)}, "", has_body=method != "head")
    else:
        responses = methods[asked]["responses"]
        status = str(answer.status_code)
        assert status in responses, f"{what}: the document allows {sorted(responses)}; {answer.text[:300]}"
        pointer = _pointer("paths", template, asked, "responses", status)
        _check_response(what, answer, responses[status], pointer, has_body=method != "head")


def _operation_of(methods: dict[str, Any], method: str) -> str | None:
    """HEAD is GET's, but for a stream, which has none."""
    if method == "head" and "streams" not in methods.get("get", {"tags": ["streams"]})["tags"]:
        return "get"
    return method if method in methods else None


def _refusal(what: str, status: int) -> str:
    """Where the document says how a request is refused that has no route, or before its route is looked at."""
    own = {403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed"}
    of_any = document()["paths"]["/livez"]["get"]["responses"].get(str(status), {})
    place = f"#/components/responses/{own[status]}" if status in own else of_any.get("$ref")
    assert place, f"{what} is in no document"
    return str(place)


def _check_response(what: str, answer: httpx.Response, node: dict[str, Any], pointer: str, has_body: bool) -> None:
    response, pointer = _resolved(node, pointer)
    for name, header in response.get("headers", {}).items():
        _check_header(f"{what}: header {name}", answer.headers.get(name), header)
    if "content" not in response:
        assert not answer.content, f"{what}: the document has no body here; {answer.text[:300]}"
        return
    media = answer.headers["content-type"].partition(";")[0]
    assert media in response["content"], f"{what}: {media}; the document has {sorted(response['content'])}"
    if not has_body or not hasattr(answer, "_content"):
        return
    body = answer.json() if media.endswith("json") else answer.text
    where = pointer + _pointer("content", media, "schema")
    faults = [f"{fault.json_path}: {fault.message[:400]}" for fault in _validator(where).iter_errors(body)]
    assert not faults, f"{what}: {faults[:5]}"


def _check_header(what: str, value: str | None, node: dict[str, Any]) -> None:
    header, _ = _resolved(node, "")
    if value is None:
        assert not header.get("required"), f"{what} is missing"
        return
    faults = [fault.message for fault in Draft202012Validator(header["schema"]).iter_errors(value)]
    assert not faults, f"{what}: {faults}"
