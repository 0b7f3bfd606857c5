"""Messages on a line without lengths are cut by their own word, however their bytes arrive."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminals.dialects import dialect_named
from terminals.dialects.pos import POS
from terminals.framing import FramingError, SelfFramedReader
from tests.terminals.frames import FRAME_VECTORS, PAYLOADS, PURCHASE

NAMES = sorted(FRAME_VECTORS)


def reader(**options) -> SelfFramedReader:
    return SelfFramedReader(POS.measure_after(0), **options)


@pytest.mark.parametrize("name", NAMES)
def test_every_worked_message_ends_where_it_ends(name: str) -> None:
    payload = PAYLOADS[name]
    assert reader().feed(payload) == [payload]
    assert reader().feed(payload[:-1]) == []


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5), st.data())
def test_any_cut_of_the_stream_gives_the_same_messages(names, data) -> None:
    payloads = [PAYLOADS[name] for name in names]
    stream = b"".join(payloads)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    cut = reader()
    pieces = zip([0, *cuts], [*cuts, len(stream)], strict=True)
    assert [frame for start, end in pieces for frame in cut.feed(stream[start:end])] == payloads
    assert not cut.is_mid_frame


def test_what_stands_before_the_message_belongs_to_it() -> None:
    cut = SelfFramedReader(POS.measure_after(4))
    assert cut.feed(b"LINE" + PAYLOADS[PURCHASE] + b"L") == [b"LINE" + PAYLOADS[PURCHASE]]
    assert cut.is_mid_frame


def test_a_field_nobody_has_loses_the_step_after_the_messages_before_it() -> None:
    whole = PAYLOADS[PURCHASE]
    broken = whole[:13] + bytes([whole[13] | 0x80]) + whole[14:]
    with pytest.raises(FramingError, match="field 1 is not in this dialect") as lost:
        reader().feed(whole + broken)
    assert lost.value.frames == [whole]


@given(st.binary(max_size=400))
def test_noise_is_cut_or_refused_and_never_held_for_ever(noise) -> None:
    cut = reader(bytes_max=100)
    try:
        frames = cut.feed(noise)
    except FramingError:
        return
    assert b"".join(frames) + cut._rest == noise
    assert len(cut._rest) <= 100


@pytest.mark.parametrize("name", ["ascii87-hex", "ascii87-bin"])
def test_dialects_of_characters_end_by_their_own_word_too(name: str) -> None:
    dialect: Any = dialect_named(name)
    fields = {"t": "0200", "3": "000000", "4": "000000000100", "11": "000001", "41": "80010001"}
    body = dialect.codec.encode(fields | {"35": "9988000000000015=3012"})
    payload = b"\0" * (dialect.tpdu_bytes + dialect.header_bytes) + body
    cut = SelfFramedReader(dialect.measure_after(0))
    assert cut.feed(payload + payload[:9]) == [payload]
    assert cut.feed(payload[9:]) == [payload]
