import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.track import TrackCipher, TrackError, covered_from
from host.model.secrets import Secret

CIPHER = TrackCipher(Secret.from_hex("5B1C3E7394B6D9FB0D2F406285A7C8E0"))


@given(st.text("0123456789D", min_size=18, max_size=104).map(str.encode).map(Secret))
def test_a_track_of_either_parity_comes_back_whole(track: Secret) -> None:
    sealed = CIPHER.encrypt(track)
    assert CIPHER.decrypt(sealed) == track
    assert len(sealed) == len(track)


@given(st.integers(18, 104))
def test_the_covered_digits_are_whole_packed_bytes_before_the_last(length: int) -> None:
    packed = (length + 1) // 2
    assert covered_from(length) // 2 == packed - 1 - 8
    assert covered_from(length) % 2 == 0


@pytest.mark.parametrize("length", [0, 1, 16, 17])
def test_a_track_too_short_is_refused(length: int) -> None:
    with pytest.raises(TrackError, match="too short"):
        CIPHER.encrypt(Secret(b"1" * length))


@pytest.mark.parametrize("wrong", [b"=", b" ", b"\n", b"\xff", b"g"])
def test_what_is_no_digit_is_refused_and_spoils_nothing(wrong: bytes) -> None:
    track = Secret(b"9988000000000015D30121200000000000000")
    sealed = CIPHER.encrypt(track)
    for count in (1, 2):
        with pytest.raises(TrackError, match="packed digits"):
            CIPHER.encrypt(Secret(b"9" * 30 + wrong * count + b"9" * 5))
    assert CIPHER.encrypt(track) == sealed
