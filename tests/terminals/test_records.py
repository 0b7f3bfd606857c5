"""Records of fixed places: the layout language, and values in and out of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminals import records
from terminals.codec import DecodeError, EncodeError
from terminals.records import (
    CHARSETS,
    PADS,
    READERS,
    Layout,
    LayoutError,
    Place,
    layout_named,
    layout_of,
)

TEXT = """
request 30
amount 1 12 zeros number   # fen
lrc   13  3 none digits
memo  16 10 spaces gbk
key   26  4 spaces hex
answer 2
code 1 2 none ascii
mark SALE lrc=123 unit=P:
"""


def layout() -> Layout:
    return layout_of(TEXT, "test")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("amount 1 12 zeros", "a line is"),
        ("lrc 30 1 none digits", "two fields lrc"),
        ("other 15 3 none digits", "other and lrc share bytes"),
        ("other 30 2 none digits", "ends at 31, the record at 30"),
        ("other 0 2 none digits", "'0' is not a number"),
        ("other 29 x none digits", "'x' is not a number"),
        ("other 30 1 left digits", "a pad is one of"),
        ("other 30 1 none utf8", "a charset one of"),
        ("mark SALE lrc", "'lrc' is not NAME=VALUE"),
        ("request 30", "two request records"),
    ],
)
def test_a_layout_that_describes_no_record_says_which_line_is_wrong(line: str, why: str) -> None:
    text = TEXT.replace("answer 2", f"{line}\nanswer 2")
    with pytest.raises(LayoutError, match=why) as caught:
        layout_of(text, "bad")
    assert "'bad', line 7: " in str(caught.value)


def test_a_layout_without_an_answer_is_refused() -> None:
    with pytest.raises(LayoutError, match="no answer record"):
        layout_of("request 5\nname 1 5 none ascii", "half")


def test_a_mark_that_its_field_cannot_hold_is_refused_when_the_layout_is_loaded() -> None:
    with pytest.raises(LayoutError, match="test"):
        layout_of(TEXT.replace("lrc=123", "lrc=12"), "test")


def test_a_layout_that_there_is_not_says_what_to_name() -> None:
    with pytest.raises(LayoutError, match=r"Next: name a shipped one \(common\) or the path"):
        layout_named("../etc/nothing")


def test_a_layout_may_be_a_file_of_the_merchants(tmp_path: Path) -> None:
    path = tmp_path / "ours.txt"
    path.write_text(TEXT, "utf-8")
    assert layout_named(str(path)).request.size == 30


def test_values_stand_where_the_layout_says() -> None:
    record = layout().request
    data = record.write({"amount": 12345, "lrc": "007", "memo": "茶叶"})
    assert data == b"000000012345" + b"007" + "茶叶".encode("gbk") + b" " * 11
    assert record.read(data) == {"amount": 12345, "lrc": "007", "memo": "茶叶"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"lrc": "1234"}, "lrc"),
        ({"lrc": "12"}, "lrc"),
        ({"lrc": "12a"}, "lrc"),
        ({"amount": -1}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({"memo": "六个汉字太长"}, "memo"),
        ({"memo": "a\nb"}, "memo"),
        ({"key": "GG"}, "key"),
        ({"nothing": "1"}, "nothing"),
    ],
)
def test_a_value_that_does_not_fit_is_named(values: dict[str, str | int], field: str) -> None:
    with pytest.raises(EncodeError) as caught:
        layout().request.write(values)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("data", "field", "position"),
    [
        (b"1" * 29, "record", 29),
        (b"00000001234x" + b"007" + b" " * 15, "amount", 0),
        (b"000000012345" + b"0 7" + b" " * 15, "lrc", 12),
        (b"000000012345" + b"00 " + b" " * 15, "lrc", 12),
        (b"000000012345" + b"007" + b"\xff" * 10 + b" " * 5, "memo", 15),
        (b"000000012345" + b"007" + b"\x01" * 10 + b" " * 5, "memo", 15),
        (b"000000012345" + b"007" + b" " * 10 + b"ABC  ", "key", 25),
    ],
)
def test_what_is_no_record_says_where(data: bytes, field: str, position: int) -> None:
    with pytest.raises(DecodeError) as caught:
        layout().request.read(data)
    assert (caught.value.field, caught.value.position) == (field, position)


def test_what_is_blank_is_absent() -> None:
    assert layout().request.read(b" " * 30) == {}


def test_a_text_is_cut_to_its_place_between_characters() -> None:
    assert layout().request.longest("memo", "六个汉字太长") == "六个汉字太"
    assert layout().request.longest("memo", "a六个汉字太长") == "a六个汉字"


@given(st.binary(min_size=400, max_size=400) | st.binary(max_size=500))
def test_no_bytes_make_a_record_crash(data: bytes) -> None:
    for record in (layout_named("common").request, layout_named("common").answer):
        try:
            values = record.read(data)
        except DecodeError:
            continue
        assert record.read(record.write(values)) == values


def test_the_shipped_layout_keeps_the_places_tills_on_the_market_use() -> None:
    shipped = layout_named("common")
    places = {place.name: (place.start + 1, place.size) for place in shipped.request.places}
    answers = {place.name: (place.start + 1, place.size) for place in shipped.answer.places}
    assert places["till"] == (2, 8)
    assert places["transaction"] == (18, 2)
    assert places["amount"] == (20, 12)
    assert places["original_reference"] == (40, 12)
    assert places["echo"] == (58, 3)
    assert places["memo"] == (61, 100)
    assert answers["code"] == (1, 2)
    assert answers["card"] == (7, 20)
    assert answers["text"] == (45, 40)
    assert answers["reference"] == (124, 12)
    assert answers["auth"] == (136, 6)
    assert answers["echo"] == (146, 3)


def places() -> st.SearchStrategy[Place]:
    return st.builds(
        Place,
        name=st.just("field"),
        start=st.just(0),
        size=st.integers(1, 6),
        pad=st.sampled_from(PADS),
        charset=st.sampled_from(CHARSETS),
    )


def outcome_of(work, *args):
    try:
        return work(*args)
    except ValueError as error:
        return str(error)


TEXTS = st.text(alphabet="0129aF \n\x7f茶é", max_size=7)


@given(places(), TEXTS | st.integers(-9, 10**7))
def test_the_short_way_to_write_a_field_gives_what_the_long_way_does(place, value) -> None:
    short, long = records._writer(place), records._written
    assert outcome_of(short, value) == outcome_of(long, place, value)


@given(places(), st.data())
def test_the_short_way_to_read_a_field_gives_what_the_long_way_does(place, data) -> None:
    alphabet = st.sampled_from([b"0", b"1", b"9", b" ", b"a", b"\x00", b"\xff"])
    cut = b"".join(data.draw(st.lists(alphabet, min_size=place.size, max_size=place.size)))
    read = READERS[place.charset]
    assert outcome_of(read, place, cut) == outcome_of(records._read, place, cut)
