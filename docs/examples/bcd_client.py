"""A POS till: sign on, sell, undo, settle. `python bcd_client.py HOST PORT`, from wire.md alone."""

import re
import sys
from functools import reduce
from socket import MSG_WAITALL, create_connection

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

TERMINAL, MERCHANT, BATCH = b"80010001", b"888290054110001", "000012"
TMK = bytes.fromhex("40A1B3C2D5E5F70719293B4A5D6D7F8F")
CARD, EXPIRY, PIN = "9988000000000015", "3012", "123456"
HEAD = bytes.fromhex("6000030000 603100311000")  # TPDU and header
# Number, kind (n digits, b bytes), then its size, or L for each byte of length in front.
FORMS = """2nL 3n6 4n12 11n6 12n6 13n4 14n4 15n4 22n3 25n2 26n2 32nL 37b12 38b6 39b2 41b8 42b15
    44bL 48nLL 49b3 52b8 53n16 54bLL 60nLL 61nLL 62bLL 63bLL 64b8"""
FIELDS = {int(no): (kind, size) for no, kind, size in re.findall(r"(\d+)([nb])(\w+)", FORMS)}


def des(key, data, back=False):
    cipher = Cipher(TripleDES(key * 3 if len(key) == 8 else key + key[:8]), modes.ECB())
    return (cipher.decryptor() if back else cipher.encryptor()).update(data)


def xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def mac(key, data):  # up-ecb
    text = reduce(xor, re.findall(b"(?s).{8}", data + bytes(-len(data) % 8))).hex().upper().encode()
    return des(key, xor(des(key, text[:8]), text[8:])).hex().upper().encode()[:8]


def write(value, kind, size):
    data = bytes.fromhex(value + "0" * (len(value) % 2)) if kind == "n" else value
    return (bytes.fromhex(f"{len(value):0{2 * len(size)}d}") if "L" in size else b"") + data


def read(body):
    fields, at, bits = {}, 10, int.from_bytes(body[2:10], "big")
    for number, (kind, size) in FIELDS.items():
        if bits >> (64 - number) & 1:
            first = at + size.count("L")
            count = int(body[at:first].hex() or size)
            at = first + ((count + 1) // 2 if kind == "n" else count)
            fields[number] = body[first:at].hex()[:count] if kind == "n" else body[first:at]
    return fields


def ask(line, mti, fields, key=None):
    fields = {**fields, 41: TERMINAL, 42: MERCHANT}
    bits = sum(1 << (64 - number) for number in [*fields, *([64] if key else [])])
    body = bytes.fromhex(mti) + bits.to_bytes(8, "big")
    body += b"".join(write(fields[number], *FIELDS[number]) for number in sorted(fields))
    message = HEAD + body + (mac(key, body) if key else b"")
    line.sendall(len(message).to_bytes(2, "big") + message)
    body = line.recv(int.from_bytes(line.recv(2, MSG_WAITALL), "big"), MSG_WAITALL)[len(HEAD) :]
    told = read(body)
    assert 64 not in told or told[64] == mac(key, body[:-8]), "this is not our host"
    print(mti, body[:2].hex(), {number: told[number] for number in (39, 48, 54) if number in told})
    return told


line = create_connection((sys.argv[1], int(sys.argv[2])), timeout=60)
told = ask(line, "0800", {11: "000001", 60: f"00{BATCH}003"})
batch, keys = told[60][2:8], told[62]  # PIN key, check value, MAC key, eight zeros, check value
pin_key, mac_key = des(TMK, keys[:16], back=True), des(TMK, keys[20:28], back=True)
assert (des(pin_key, bytes(8))[:4], des(mac_key, bytes(8))[:4]) == (keys[16:20], keys[36:])
pin = xor(bytes.fromhex(f"06{PIN}FFFFFFFF"), bytes.fromhex(f"0000{CARD[-13:-1]}"))
sale = {2: CARD, 3: "000000", 4: "000000012345", 14: EXPIRY, 22: "011", 25: "00", 49: b"156"}
sale[60], typed = f"22{batch}", {26: "12", 52: des(pin_key, pin), 53: "2600000000000000"}
ask(line, "0200", {**sale, **typed, 11: "000002"}, mac_key)
ask(line, "0200", {**sale, **typed, 11: "000003"}, mac_key)
ask(line, "0400", {**sale, 11: "000003", 39: b"98"}, mac_key)  # as if no answer had come
totals = f"{12345:012d}{1:03d}" + "0" * 47  # debits and how many; credits, flags and points: none
told = ask(line, "0500", {11: "000004", 48: totals, 49: b"156", 60: f"00{batch}201"})
assert told[48][30] + told[48][61] == "11", "not balanced: upload the records, end with 202"
ask(line, "0320", {11: "000005", 48: "0000", 60: f"00{batch}207"})
