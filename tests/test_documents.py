"""What can be read off the documents: links lead somewhere, and the protocol page names what the code says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CPP = ROOT / "cpp"
DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), CPP / "DESIGN.md", ROOT / "bench" / "README.md"})
PROTOCOL = (ROOT / "docs" / "reference" / "protocol.md").read_text()


def found(file: str, pattern: str) -> set[str]:
    """The pattern's groups in a source file; none would be a check that does not check."""
    words = set(re.findall(pattern, (CPP / file).read_text()))
    assert words, f"{pattern} is not in {file} any more"
    return words


def anchors(document: Path) -> set[str]:
    """The anchors of its headings, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_the_protocol_names_every_control_message():
    types = found("protocol/envelope.cpp", r'control\("(\w+)"')
    assert not [type for type in types if f"`mythos.{type}`" not in PROTOCOL]


def test_the_protocol_names_every_close_code():
    codes = found("protocol/wire.hpp", r"= (\d{4}),")
    assert not [code for code in codes if not re.search(rf"^\|.*\b{code}\b", PROTOCOL, re.MULTILINE)]


def test_the_protocol_names_every_member_of_a_welcome():
    members = found("protocol/envelope.cpp", r'\{"(\w+)", (?:nullable\()?(?:to_string\()?w\.')
    assert not [member for member in members if f"`{member}`" not in PROTOCOL]


def test_the_protocol_names_every_query_parameter():
    parameters = found("transport/connect_request.cpp", r'query->text\("(\w+)"\)')
    assert not [name for name in parameters if f"`{name}`" not in PROTOCOL]


def test_the_protocol_names_every_code_of_a_refused_command():
    codes = found("hub/loop_errors.cpp", r'\{"(\w+)", Counter::command_error_\w+\}')
    assert not [code for code in codes if f"`{code}`" not in PROTOCOL]


def test_the_protocol_names_every_route():
    routes = found("transport/http_router.cpp", r'"(?:GET|POST)", "(/[^"]+)"')
    written = PROTOCOL.replace("?player_id=", "")
    assert not [route for route in routes if route not in written]
