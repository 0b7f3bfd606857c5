"""How a lottery draws, so that nobody can steer it and anybody can repeat it.

Before a lottery opens its seed is made of three parts: 32 random bytes of the house, and words of
two people who are not the same, who wrote it and who froze it. The seed is told to nobody; what is
told is the commitment, SHA-256 over the seed and the frozen text (`host.model.lottery`): odds,
stock, order of prizes, cost, cap, days. Each draw is a number below PARTS out of HMAC-DRBG (NIST
SP 800-90A) whose entropy is the seed, whose nonce is the draw's place in the list, and whose
personalization is the lottery's code and the key of the exchange: terminal, batch and trace, which
the till has chosen. The prize is the one whose parts the number falls into; where its stock is used
up, the next in the frozen order of which there is some. The last prize is nothing and has no end.

The till cannot steer, for it does not know the seed. The house cannot: when it could choose the
seed it knew neither key, and once it knows a key the seed stands. What is undone stays in the list
under its place, and what undid it has a place of its own, so that the stock of every moment can be
reckoned. Every line of the list is chained to those before it, from the commitment on, and the till
prints the beginning of its link: a list that was written anew does not fit the receipts.

When the lottery is closed the parts of the seed are told. `terminals.lottery_proof` repeats all of
it with nothing but that.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from host.hsm.drbg import HmacDrbg
from host.model.lottery import PARTS, Prize
from host.model.secrets import Secret

HOUSE_BYTES: Final = 32
SEED_FORM: Final = "posswitch-lottery-seed 1"
NONCE_BYTES: Final = 16
LINK_SHOWN: Final = 8
"""Hexadecimal characters of its link in what a draw is called."""


def seed_of(house: Secret, author_words: str, freezer_words: str) -> Secret:
    """The seed out of its parts."""
    parts = (SEED_FORM, house.reveal().hex(), author_words, freezer_words)
    return Secret(hashlib.sha256("\n".join(parts).encode()).digest())


def commitment_of(seed: Secret, text: str) -> bytes:
    """What is told before anybody draws."""
    return hashlib.sha256(seed.reveal() + text.encode()).digest()


def number_drawn(seed: Secret, code: str, key: str, seq: int) -> int:
    """The number of the draw with this place in the list, by the key of its exchange."""
    nonce = seq.to_bytes(NONCE_BYTES)
    return HmacDrbg(seed.reveal(), nonce, f"{code} {key}".encode()).below(PARTS)


def hit_by(prizes: Sequence[Prize], number: int) -> Prize:
    """The prize into whose parts a number falls."""
    for prize in prizes:
        if number < prize.parts:
            return prize
        number -= prize.parts
    msg = "the parts of the prizes do not add up"
    raise AssertionError(msg)


def given_for(prizes: Sequence[Prize], hit: Prize, left_of: Callable[[Prize], int | None]) -> Prize:
    """It, or where it is used up the next in order of which there is some left."""
    for prize in prizes:
        left = left_of(prize)
        if prize.place >= hit.place and (left is None or left > 0):
            return prize
    msg = "the last prize has an end"
    raise AssertionError(msg)


def draw_line(seq: int, key: str, hit: int, place: int) -> str:
    """A draw in the list: what was hit and what was given, by their places."""
    return f"draw {seq} {key} {hit} {place}"


def undone_line(seq: int, of_seq: int) -> str:
    """A draw was taken back; its prize is to be drawn again."""
    return f"undone {seq} {of_seq}"


def again_line(seq: int, of_seq: int) -> str:
    """What took it back was itself taken back: it stands, and its prize is taken, as before."""
    return f"again {seq} {of_seq}"


def link_after(previous: bytes, line: str) -> bytes:
    """The list so far and its next line; before the first it is the commitment."""
    return hashlib.sha256(previous + line.encode()).digest()


def name_of_draw(code: str, seq: int, link: bytes) -> str:
    """What a till prints, and finds its draw by in the list."""
    return f"{code}-{seq}-{link.hex()[:LINK_SHOWN].upper()}"
