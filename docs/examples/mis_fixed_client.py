"""A till of a merchant's own system, in records of fixed places. From mis.md alone."""

import datetime as dt
import sys
from socket import MSG_WAITALL, create_connection
from zoneinfo import ZoneInfo

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

TILL, MERCHANT = "80030002", "888290058120002"
TMK = bytes.fromhex("6B3B832CCD2651B6A49416D5491CD5B3")
CARD, EXPIRY, PIN = "9988000000000049", "3012", "123456"
NOW = dt.datetime.now(ZoneInfo("Asia/Shanghai"))
DATE, FIRST = f"{NOW:%Y%m%d}", int(f"{NOW:%H%M%S}") * 100  # numbers that rise through the day
# Places of the layout `common`, the first byte being 1: numbers have zeros in front of them.
ASKED = {"till": (2, 8), "transaction": (18, 2), "amount": (20, 12), "merchant": (161, 15)}
ASKED |= {"date": (176, 8), "card": (190, 19), "expiry": (209, 4), "pin": (213, 16)}
ASKED |= {"entry": (229, 3), "original_date": (32, 8), "original_number": (232, 12)}
ASKED |= {"original_code": (244, 4), "keys": (304, 3), "totals": (307, 60)}
TOLD = {"code": (1, 2), "reference": (124, 12), "balance": (171, 12), "key_block": (225, 120)}
TOLD |= {"agrees": (375, 1), "points_agree": (406, 1)}
MARKS = {"SALE": "00", "REFD": "02", "SIGN": "05", "BTCH": "06", "REVS": "09"}


def des(key, data, back=False):
    cipher = Cipher(TripleDES(key * 3 if len(key) == 8 else key + key[:8]), modes.ECB())
    return (cipher.decryptor() if back else cipher.encryptor()).update(data)


def xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def mac(key, data):  # x9.19
    block = bytes(8)
    for at in range(0, len(data), 8):
        block = des(key[:8], xor(block, data[at : at + 8].ljust(8, b"\0")))
    return des(key[:8], des(key[8:], block, back=True))


def ask(line, code, number, values, key=None):
    header = f"MIS1{FIRST + number:012d}{TILL}{code}".encode()
    record = bytearray(b" " * 400)
    usual = {"till": TILL, "merchant": MERCHANT, "date": DATE, "transaction": MARKS[code]}
    for name, value in {"amount": "0" * 12, "totals": "0" * 60, **usual, **values}.items():
        first, size = ASKED[name]
        record[first - 1 : first - 1 + size] = value.ljust(size).encode()
    message = header + record + (mac(key, header + record) if key else b"")
    line.sendall(f"{len(message):04d}".encode() + message)
    answer = line.recv(int(line.recv(4, MSG_WAITALL)), MSG_WAITALL)
    assert not key or answer[-8:] == mac(key, answer[:-8]), "this is not our host"
    assert answer[:28] == header, "an answer to something else"
    text = answer[28:448]
    told = {name: text[at - 1 : at - 1 + size].decode() for name, (at, size) in TOLD.items()}
    print(code, told["code"], told["balance"], told["reference"])
    return told


line = create_connection((sys.argv[1], int(sys.argv[2])), timeout=60)
keys = bytes.fromhex(ask(line, "SIGN", 1, {"keys": "003"})["key_block"])
pin_key, mac_key = des(TMK, keys[:16], back=True), des(TMK, keys[20:36], back=True)
assert (des(pin_key, bytes(8))[:4], des(mac_key, bytes(8))[:4]) == (keys[16:20], keys[36:])
pin = xor(bytes.fromhex(f"06{PIN}FFFFFFFF"), bytes.fromhex(f"0000{CARD[-13:-1]}"))
sale = {"amount": f"{12345:012d}", "card": CARD, "expiry": EXPIRY, "entry": "011"}
sale["pin"] = des(pin_key, pin).hex().upper()
ask(line, "SALE", 2, sale, mac_key)
ask(line, "SALE", 3, sale, mac_key)
ask(line, "REVS", 3, {"amount": sale["amount"], "original_code": "SALE"}, mac_key)  # unanswered
refund = {"amount": f"{345:012d}", "card": CARD, "original_number": f"{FIRST + 2:012d}"}
ask(line, "REFD", 4, {**refund, "original_date": DATE}, mac_key)
totals = f"{12345:012d}{1:03d}{345:012d}{1:03d}" + "0" * 30  # debits, credits, points: none
told = ask(line, "BTCH", 5, {"totals": totals}, mac_key)
assert told["agrees"] + told["points_agree"] == "11", told
