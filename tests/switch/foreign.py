"""An issuer's host of another house: its own bytes, read and written by hand, none of our codec."""

from collections.abc import Callable

import trio

Fields = dict[int, bytes]

FIXED = {
    3: 6, 4: 12, 7: 10, 11: 6, 12: 6, 13: 4, 14: 4, 15: 4, 22: 3, 25: 2, 26: 2, 37: 12, 38: 6,
    39: 2, 41: 8, 42: 15, 49: 3, 52: 8, 53: 16, 70: 3, 90: 42,
}  # fmt: skip
COUNTED = {2: 2, 32: 2, 33: 2, 35: 2, 44: 2, 54: 3, 55: 3, 60: 3, 61: 3, 63: 3}
"""Digits of the length in front."""


def read(body: bytes) -> tuple[str, Fields]:
    mti, at = body[:4].decode(), 12
    bits = int.from_bytes(body[4:12])
    size = 64
    if bits >> 63:
        bits, at, size = bits << 64 | int.from_bytes(body[12:20]), 20, 128
    fields: Fields = {}
    for number in range(2, size + 1):
        if not bits >> (size - number) & 1:
            continue
        length = FIXED.get(number)
        if length is None:
            digits = COUNTED[number]
            length, at = int(body[at : at + digits]), at + digits
        fields[number], at = body[at : at + length], at + length
    assert at == len(body), "bytes are left over"
    return mti, fields


def written(mti: str, fields: Fields) -> bytes:
    size = 128 if max(fields) > 64 else 64
    bits = sum(1 << (size - number) for number in fields) | (1 << 127 if size == 128 else 0)
    body = mti.encode() + bits.to_bytes(size // 8)
    for number, value in sorted(fields.items()):
        if number in COUNTED:
            body += f"{len(value):0{COUNTED[number]}d}".encode()
        body += value
    return len(body).to_bytes(2) + body


class ForeignIssuer:
    """Approves, and says so in its own way: `says` changes the fields of its answers."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[tuple[str, Fields]] = []
        self.says: Fields = {}
        self.is_silent_to: Callable[[str], bool] = lambda _mti: False

    @property
    def financial(self) -> list[tuple[str, Fields]]:
        return [each for each in self.asked if each[0][1] != "8"]

    async def run(self, task_status=trio.TASK_STATUS_IGNORED) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        await trio.serve_listeners(self._serve, listeners, task_status=task_status)

    async def _serve(self, stream: trio.SocketStream) -> None:
        waiting = b""
        while data := await stream.receive_some():
            waiting += data
            while len(waiting) >= 2 and len(waiting) >= 2 + int.from_bytes(waiting[:2]):
                end = 2 + int.from_bytes(waiting[:2])
                mti, fields = read(waiting[2:end])
                waiting = waiting[end:]
                self.asked.append((mti, fields))
                if not self.is_silent_to(mti):
                    await stream.send_all(self._answer(mti, fields))

    def _answer(self, mti: str, asked: Fields) -> bytes:
        told = f"{mti[:2]}{int(mti[2]) + 1}0"
        if mti[1] == "8":
            return written(told, {n: asked[n] for n in (7, 11, 70)} | {39: b"00"})
        echoed = {n: asked[n] for n in (2, 3, 4, 7, 11, 37, 41, 42, 49) if n in asked}
        return written(told, echoed | {38: b"A00001", 39: b"00"} | self.says)
