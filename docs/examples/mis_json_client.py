"""A till of a merchant's own system, in JSON: sign on, sell, undo, settle. From mis.md alone."""

import datetime as dt
import json
import sys
from socket import MSG_WAITALL, create_connection
from zoneinfo import ZoneInfo

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

TILL, MERCHANT = "80030001", "888290054110001"
TMK = bytes.fromhex("29383468F8D632BC075D160D1370B364")
CARD, EXPIRY, PIN = "9988000000000031", "3012", "123456"
NOW = dt.datetime.now(ZoneInfo("Asia/Shanghai"))
DATE, FIRST = f"{NOW:%Y%m%d}", int(f"{NOW:%H%M%S}") * 100  # numbers that rise through the day


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
    message = header + json.dumps({"merchant": MERCHANT, "date": DATE, **values}).encode()
    message += mac(key, message) if key else b""
    line.sendall(f"{len(message):04d}".encode() + message)
    answer = line.recv(int(line.recv(4, MSG_WAITALL)), MSG_WAITALL)
    if key:
        assert answer[-8:] == mac(key, answer[:-8]), "this is not our host"
        answer = answer[:-8]
    assert answer[:28] == header, "an answer to something else"
    told = json.loads(answer[28:])
    print(code, told["code"], told.get("balance"), told.get("reference"))
    return told


line = create_connection((sys.argv[1], int(sys.argv[2])), timeout=60)
keys = bytes.fromhex(ask(line, "SIGN", 1, {"keys": "003"})["key_block"])
pin_key, mac_key = des(TMK, keys[:16], back=True), des(TMK, keys[20:36], back=True)
assert (des(pin_key, bytes(8))[:4], des(mac_key, bytes(8))[:4]) == (keys[16:20], keys[36:])
pin = xor(bytes.fromhex(f"06{PIN}FFFFFFFF"), bytes.fromhex(f"0000{CARD[-13:-1]}"))
sale = {"amount": 12345, "card": CARD, "expiry": EXPIRY, "entry": "011"}
sale["pin"] = des(pin_key, pin).hex().upper()
ask(line, "SALE", 3, sale, mac_key)
ask(line, "SALE", 4, sale, mac_key)
ask(line, "REVS", 4, {"amount": 12345, "original_code": "SALE"}, mac_key)  # as if unanswered
refund = {"amount": 345, "card": CARD, "original_number": f"{FIRST + 3:012d}"}
ask(line, "REFD", 5, {**refund, "original_date": DATE}, mac_key)
totals = {"debit_minor": 12345, "debit_count": 1, "credit_minor": 345, "credit_count": 1}
told = ask(line, "BTCH", 6, {"totals": totals, "points_totals": {}}, mac_key)
assert told["agrees"] is told["points_agree"] is True, "the totals differ"
