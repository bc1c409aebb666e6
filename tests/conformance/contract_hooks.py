"""What schemathesis cannot know of docs/api/openapi.yaml: texts with a limit in bytes, positions of this server's
journal, and the commands that it knows. Loaded by schemathesis itself, as run_contract.py says."""

import os

import schemathesis
from hypothesis import strategies as st

EPOCH = os.environ["MYTHOS_EPOCH"]
COMMANDS = os.environ["MYTHOS_COMMANDS"].split(",")


def texts(bytes_max: int) -> st.SearchStrategy[str]:
    characters = st.characters(codec="utf-8", exclude_characters="\x00")
    return st.text(characters, min_size=1, max_size=bytes_max).filter(lambda text: len(text.encode()) <= bytes_max)


positions = st.builds(lambda seq: f"{EPOCH}-{seq}", st.integers(0, 10**18 - 1))
schemathesis.openapi.format("utf8-128", texts(128))
schemathesis.openapi.format("utf8-256", texts(256))
schemathesis.openapi.format("position", st.just("") | positions)
schemathesis.openapi.format("command-type", st.sampled_from(COMMANDS) | texts(128))
