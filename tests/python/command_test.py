"""What a handler is given."""

from __future__ import annotations

import pytest

from mythos import Command, CommandError, Unauthorised


def command(text: bytes) -> Command:
    return Command("c-1", "say", text, "ann", "s_1", "c")


def test_the_data_is_what_was_sent():
    one = command(b'{"text":"hi","n":1.5}')
    assert one.data == {"text": "hi", "n": 1.5}
    assert one.data is one.data, "read once"
    assert (one.id, one.type, one.player_id, one.session_id, one.client_id) == ("c-1", "say", "ann", "s_1", "c")
    assert "say" in repr(one) and "ann" in repr(one)


@pytest.mark.parametrize("text", [b"null", b"[]", b"0", b'""'])
def test_any_json_may_be_data(text: bytes):
    assert not command(text).data


def test_errors_have_a_code_and_words():
    error = CommandError("no_exit", "There is no way north.", retryable=True)
    assert (error.code, error.message, error.retryable) == ("no_exit", "There is no way north.", True)
    assert "no_exit" in str(error)
    assert Unauthorised().code == "unauthorised"
