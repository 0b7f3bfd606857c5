"""Frames are cut the same however the bytes arrive, and a lost step is noticed at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminals.framing import LENGTH_CODECS, FrameReader, FramingError, wrap
from tests.terminals.frames import FRAMES, PAYLOADS, PURCHASE


@pytest.mark.parametrize("name", FRAMES)
def test_a_worked_frame_is_cut_and_wrapped_to_the_same_bytes(name: str) -> None:
    assert FrameReader().feed(FRAMES[name]) == [PAYLOADS[name]]
    assert wrap(PAYLOADS[name]) == FRAMES[name]


@given(st.lists(st.binary(min_size=21, max_size=90), max_size=6), st.data())
@pytest.mark.parametrize("codec", LENGTH_CODECS.values(), ids=LENGTH_CODECS)
def test_any_cut_of_the_stream_gives_the_same_payloads(codec, payloads, data) -> None:
    stream = b"".join(wrap(payload, codec) for payload in payloads)
    reader = FrameReader(codec)
    frames = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        frames += reader.feed(stream[:size])
        stream = stream[size:]
    assert frames == payloads
    assert not reader.is_mid_frame


def test_half_a_frame_is_known_to_be_owed() -> None:
    reader = FrameReader()
    assert reader.feed(FRAMES[PURCHASE][:50]) == []
    assert reader.is_mid_frame
    assert reader.feed(FRAMES[PURCHASE][50:]) == [PAYLOADS[PURCHASE]]
    assert not reader.is_mid_frame


def test_a_single_byte_is_a_frame_begun() -> None:
    reader = FrameReader()
    assert reader.feed(b"\x00") == []
    assert reader.is_mid_frame


@pytest.mark.parametrize("length", ["0000", "0014", "1001", "FFFF"])
def test_a_length_out_of_bounds_is_refused_before_its_payload_arrives(length: str) -> None:
    with pytest.raises(FramingError, match=length.lower()):
        FrameReader().feed(bytes.fromhex(length))


def test_the_bounds_themselves_are_frames() -> None:
    for size in (21, 4096):
        assert FrameReader().feed(wrap(bytes(size))) == [bytes(size)]


def test_the_frames_before_a_wrong_length_are_not_lost() -> None:
    with pytest.raises(FramingError) as caught:
        FrameReader().feed(FRAMES[PURCHASE] + FRAMES["echo-test"] + b"\xff\xff")
    assert caught.value.frames == [PAYLOADS[PURCHASE], PAYLOADS["echo-test"]]


def test_an_empty_frame_keeps_a_line_alive_where_that_is_taken() -> None:
    reader = FrameReader(takes_keep_alive=True)
    assert reader.feed(b"\x00\x00" + FRAMES[PURCHASE] + b"\x00\x00") == [PAYLOADS[PURCHASE]]
    assert not reader.is_mid_frame
    with pytest.raises(FramingError):
        reader.feed(b"\x00\x01")


def test_an_ascii_length_must_be_digits() -> None:
    with pytest.raises(FramingError):
        FrameReader(LENGTH_CODECS["ascii4"]).feed(b"-021" + bytes(21))


def test_an_inclusive_length_counts_itself() -> None:
    assert wrap(bytes(21), LENGTH_CODECS["be2-inclusive"])[:2] == b"\x00\x17"
