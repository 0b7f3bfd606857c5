"""ISO 8583:1987 in characters: sign on, sell, undo, settle. From ascii.md and wire.md alone."""

import re
import sys
from functools import reduce
from socket import MSG_WAITALL, create_connection

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

TERMINAL, MERCHANT, BATCH = "80010002", "888290054110001", "000001"
TMK = bytes.fromhex("987640D0A44A0DD352588CEFD5D36210")
CARD, EXPIRY, PIN = "9988000000000023", "3012", "123456"
# Field to its characters, or to L for each digit of length in front. F52 and F64 are hexadecimal.
SIZES = """2:LL 3:6 4:12 7:10 11:6 12:6 13:4 14:4 15:4 22:3 25:2 26:2 32:LL 37:12 38:6 39:2 41:8
    42:15 44:LL 48:LLL 49:3 52:16 53:16 54:LLL 60:LLL 62:LLL 63:LLL 64:16 70:3 90:42 128:16"""
SIZES = {int(number): size for number, _, size in (one.partition(":") for one in SIZES.split())}


def des(key, data, back=False):
    cipher = Cipher(TripleDES(key * 3 if len(key) == 8 else key + key[:8]), modes.ECB())
    return (cipher.decryptor() if back else cipher.encryptor()).update(data)


def xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def mac(key, data):  # up-ecb, as hexadecimal characters
    text = reduce(xor, re.findall(b"(?s).{8}", data + bytes(-len(data) % 8))).hex().upper().encode()
    tag = des(key, xor(des(key, text[:8]), text[8:])).hex().upper()[:8]
    return tag.encode().hex().upper()


def write(number, value):
    size = SIZES[number]
    return f"{len(value):0{len(size)}d}{value}" if "L" in size else value


def read(text):
    fields, bits, at = {}, f"{int(text[4:20], 16):064b}", 20
    if bits[0] == "1":
        bits, at = bits + f"{int(text[20:36], 16):064b}", 36
    for number in (number for number in range(2, len(bits) + 1) if bits[number - 1] == "1"):
        first = at + SIZES[number].count("L")
        at = first + int(text[at:first] or SIZES[number])
        fields[number] = text[first:at]
    return fields


def ask(line, mti, fields, key=None):
    fields = {**fields, 41: TERMINAL, 42: MERCHANT}
    bits = sum(1 << (64 - number) for number in [*fields, *([64] if key else [])])
    text = f"{mti}{bits:016X}" + "".join(write(no, fields[no]) for no in sorted(fields))
    text += mac(key, text.encode()) if key else ""
    line.sendall(len(text).to_bytes(2, "big") + text.encode())
    answer = line.recv(int.from_bytes(line.recv(2, MSG_WAITALL), "big"), MSG_WAITALL)
    told = read(answer.decode("gb18030"))
    assert 64 not in told or told[64] == mac(key, answer[:-16]), "this is not our host"
    print(mti, answer[:4].decode(), {no: told[no] for no in (39, 48, 54) if no in told})
    return told


line = create_connection((sys.argv[1], int(sys.argv[2])), timeout=60)
told = ask(line, "0800", {11: "000001", 60: f"00{BATCH}003"})
batch, keys = told[60][2:8], bytes.fromhex(told[62])
pin_key, mac_key = des(TMK, keys[:16], back=True), des(TMK, keys[20:28], back=True)
assert (des(pin_key, bytes(8))[:4], des(mac_key, bytes(8))[:4]) == (keys[16:20], keys[36:])
pin = xor(bytes.fromhex(f"06{PIN}FFFFFFFF"), bytes.fromhex(f"0000{CARD[-13:-1]}"))
sale = {2: CARD, 3: "000000", 4: "000000012345", 14: EXPIRY, 22: "011", 25: "00", 49: "156"}
sale[60], typed = f"22{batch}", {26: "12", 52: des(pin_key, pin).hex(), 53: "2600000000000000"}
ask(line, "0200", {**sale, **typed, 11: "000002"}, mac_key)
ask(line, "0200", {**sale, **typed, 11: "000003"}, mac_key)
ask(line, "0400", {**sale, 11: "000003", 39: "98"}, mac_key)  # as if no answer had come
totals = f"{12345:012d}{1:03d}" + "0" * 47  # debits and how many; credits, flags and points: none
told = ask(line, "0500", {11: "000004", 48: totals, 49: "156", 60: f"00{batch}201"})
assert told[48][30] + told[48][61] == "11", "not balanced: upload the records, end with 202"
ask(line, "0320", {11: "000005", 48: "0000", 60: f"00{batch}207"})
