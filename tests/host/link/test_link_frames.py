"""The bytes of the link: everything comes back, secrets only by its own hooks, noise is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.link.frames import (
    FRAME_BYTES_MAX,
    LINK_VERSION,
    Answers,
    Ask,
    Beat,
    Do,
    Failed,
    Find,
    Found,
    Hello,
    LinkError,
    LinkReader,
    Show,
    Told,
    check_hello,
    encode,
)
from host.model import office
from host.model.money import Money
from host.model.requests import (
    ExchangeKey,
    Family,
    Kind,
    Original,
    PinBlock,
    Request,
    Response,
)
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.model.terminal import MacAlgorithm, MacKey, TerminalProfile

KEY = ExchangeKey("pos", "80010001", "000012", "000002", Family.FINANCIAL)
REQUEST = Request(
    kind=Kind.VOID,
    key=KEY,
    merchant_id="888290054110001",
    pan=Pan("9988000000000015"),
    expiry="3012",
    amount=Money(12345, "CNY"),
    pin=PinBlock(0, Secret(bytes(range(8)))),
    original=Original(key=KEY, rrn="112200000001", kind=Kind.PURCHASE),
    key_generation=3,
)
RESPONSE = Response(
    reason=Reason.APPROVED, rrn="112200000001", balance=Money(-1, "CNY"), key_block=b"\0\xff"
)
PROFILE = TerminalProfile(
    terminal_id="80010001",
    merchant_id="888290054110001",
    epoch="000012",
    mac_algorithm=MacAlgorithm.X9_19,
    mac_keys=(MacKey(2, Secret(bytes(16))), MacKey(1, Secret(bytes(8)))),
)
FRAMES = [
    Hello(),
    Ask([(1, REQUEST), (2, REQUEST)]),
    Answers([(2, RESPONSE)]),
    Find(3, "80010001"),
    Found(3, PROFILE),
    Found(4, None),
    Failed(5),
    Do(6, office.Do(session=Secret(b"token"), action="a.b", values=Secret(b"{}"), once_key="k")),
    Show(
        7,
        office.Show(
            session=Secret(b"token"), view="people", filters=office.sought({"state": "active"})
        ),
    ),
    Told(8, office.Done(subject="li", after={"name": "Li"}, shown_once={"invitation": "x"})),
    Told(9, office.Waiting(approval=1, until="2026-11-29T09:00:00+00:00")),
    Told(10, office.Refused(code="E-NOT-FOUND", en="no", zh="无")),
    Told(11, office.Page(columns=["id"], rows=[[1]], next=["1"])),
    Beat(),
]


@given(st.lists(st.sampled_from(FRAMES), max_size=6), st.integers(1, 400))
def test_frames_come_back_however_the_stream_is_cut(frames, step):
    stream = b"".join(map(encode, frames))
    reader = LinkReader()
    read = []
    for at in range(0, len(stream), step):
        read += reader.feed(stream[at : at + step])
    assert read == frames


@given(st.binary(min_size=1, max_size=200))
def test_noise_is_refused_and_never_quoted(body):
    stream = len(body).to_bytes(4, "big") + body
    error = _error_of(stream)
    if error is not None:
        assert str(error) == "a link frame that is not ours: is it the same release?"
        assert error.__cause__ is None


def _error_of(stream: bytes) -> LinkError | None:
    try:
        LinkReader().feed(stream)
    except LinkError as error:
        return error
    return None


def test_a_frame_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(LinkError, match="at most"):
        LinkReader().feed((FRAME_BYTES_MAX + 1).to_bytes(4, "big"))


def test_a_card_number_out_of_bounds_is_refused():
    bad = encode(Ask([(1, REQUEST)])).replace(b"9988000000000015", b"99880000000000xx")
    with pytest.raises(LinkError) as caught:
        LinkReader().feed(bad)
    assert "99880000" not in str(caught.value)


def test_another_encoder_refuses_what_the_link_carries():
    with pytest.raises(TypeError):
        msgspec.msgpack.encode(Ask([(1, REQUEST)]))
    with pytest.raises(TypeError):
        msgspec.json.encode(Found(1, PROFILE))


def test_another_release_is_named():
    with pytest.raises(LinkError, match=f"link version 99 there, {LINK_VERSION} here"):
        check_hello(Hello(99))


def test_the_first_frame_must_be_a_hello():
    with pytest.raises(LinkError, match="hello"):
        check_hello(Beat())
