"""The event stream's decoder as Python holds it; its rules are tested in C++."""

from __future__ import annotations

import pytest

from mythos._core import SseDecoder


def test_a_chunk_may_end_anywhere():
    stream = 'id: e1-1\ndata: {"text":"grüß"}\n\n: beat\n\ndata: a\ndata: b\n\n'.encode()
    decoder = SseDecoder()
    got = [text for at in range(len(stream)) for text in decoder.feed(stream[at : at + 1])]
    assert got == ['{"text":"grüß"}', "a\nb"]
    assert decoder.last_event_id == "e1-1"


def test_one_chunk_may_hold_many():
    assert SseDecoder().feed(b"data: 1\n\ndata: 2\n\ndata: 3") == ["1", "2"]


def test_a_stream_beyond_its_bounds_is_over():
    decoder = SseDecoder()
    with pytest.raises(ValueError, match="bounds"):
        decoder.feed(b"data: " + b"x" * (2 << 20))
    assert decoder.feed(b"\n\ndata: 1\n\n") == []


def test_what_is_not_utf8_is_refused():
    with pytest.raises(UnicodeDecodeError):
        SseDecoder().feed(b"data: \xff\n\n")
