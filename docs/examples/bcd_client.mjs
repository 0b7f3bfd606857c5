// A POS till: sign on, ask a balance, sell, void, lose an answer, refund, settle. From wire.md alone.
//
//     node bcd_client.mjs HOST PORT
//
// A real till keeps its batch, trace, totals and what is not answered yet on its disk.

import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { createConnection } from "node:net";

const [HOST, PORT] = process.argv.slice(2);
const TERMINAL = "80010001";
const MERCHANT = "888290054110001";
const MASTER_KEY = Buffer.from("40A1B3C2D5E5F70719293B4A5D6D7F8F", "hex");
const CARD = "9988000000000015";
const TRACK2 = `${CARD}D30121200000000000000`;
const PIN = "123456";
const HEAD = Buffer.from("6000030000" + "603100311000", "hex"); // TPDU and header

// Of each field: n digits or b bytes, and how many; or L for each byte of length in front.
const FIELDS = {
  2: "nL", 3: "n6", 4: "n12", 11: "n6", 12: "n6", 13: "n4", 14: "n4", 15: "n4", 22: "n3",
  25: "n2", 26: "n2", 32: "nL", 35: "nL", 37: "b12", 38: "b6", 39: "b2", 41: "b8", 42: "b15",
  44: "bL", 48: "nLL", 49: "b3", 52: "b8", 53: "n16", 54: "bLL", 60: "nLL", 61: "nLL",
  62: "bLL", 63: "bLL", 64: "b8",
};
const number = (value, size) => String(value).padStart(size, "0");

// Keys, message codes, PINs. Single DES is TDES under one key three times.
function des(make, key, data) {
  const keyBytes = Buffer.concat([key, key, key]).subarray(0, 24);
  return make("des-ede3", keyBytes, null).setAutoPadding(false).update(data);
}
const encrypt = (key, data) => des(createCipheriv, key, data);
const decrypt = (key, data) => des(createDecipheriv, key, data);
const xor = (one, other) => Buffer.from(one.map((byte, at) => byte ^ other[at]));
const hexCharacters = (data) => Buffer.from(data.toString("hex").toUpperCase());

function workingKey(slot, checkValue) {
  for (const size of [16, 8]) { // its check value says how long it is
    const key = decrypt(MASTER_KEY, slot.subarray(0, size));
    if (encrypt(key, Buffer.alloc(8)).subarray(0, 4).equals(checkValue)) return key;
  }
  throw new Error("another check value: this key was not made for our master key");
}

function mac(key, covered) { // up-ecb
  let folded = Buffer.alloc(8);
  for (let at = 0; at < covered.length; at += 8) {
    folded = xor(folded, Buffer.concat([covered.subarray(at, at + 8), Buffer.alloc(8)]));
  }
  const text = hexCharacters(folded);
  const half = encrypt(key, text.subarray(0, 8));
  return hexCharacters(encrypt(key, xor(half, text.subarray(8)))).subarray(0, 8);
}

function pinBlock() {
  const pin = `0${PIN.length.toString(16)}${PIN}`.padEnd(16, "F");
  const card = `0000${CARD.slice(-13, -1)}`;
  return encrypt(keys.pin, xor(Buffer.from(pin, "hex"), Buffer.from(card, "hex")));
}

// Messages.
function writeField(no, value) {
  const [kind, size] = [FIELDS[no][0], FIELDS[no].slice(1)];
  const data = kind === "b" ? Buffer.from(value)
    : Buffer.from(value + "0".repeat(value.length % 2), "hex");
  if (size[0] !== "L") return data;
  return Buffer.concat([Buffer.from(number(value.length, 2 * size.length), "hex"), data]);
}

function write(type, fields, key) {
  const bitmap = Buffer.alloc(8);
  const present = [...Object.keys(fields), ...(key ? [64] : [])];
  for (const no of present) bitmap[(no - 1) >> 3] |= 0x80 >> ((no - 1) & 7);
  const values = Object.entries(fields).map(([no, value]) => writeField(no, value)); // ascending
  const body = Buffer.concat([Buffer.from(type, "hex"), bitmap, ...values]);
  const message = Buffer.concat([HEAD, body, key ? mac(key, body) : Buffer.alloc(0)]);
  return Buffer.concat([Buffer.from(number(message.length.toString(16), 4), "hex"), message]);
}

function read(message) {
  const body = message.subarray(HEAD.length);
  const told = { type: body.toString("hex", 0, 2), covered: body.subarray(0, -8) };
  told.signOnNext = (message[7] & 15) === 3; // the header's sixth digit
  let at = 10;
  for (const [no, [kind, ...size]] of Object.entries(FIELDS)) {
    if (!(body[2 + ((no - 1) >> 3)] & (0x80 >> ((no - 1) & 7)))) continue;
    const lengthBytes = size[0] === "L" ? size.length : 0;
    const count = Number(lengthBytes ? body.toString("hex", at, at + lengthBytes) : size.join(""));
    at += lengthBytes;
    const data = body.subarray(at, (at += kind === "n" ? (count + 1) >> 1 : count));
    told[no] = kind === "n" ? data.toString("hex").slice(0, count) : data;
  }
  return told;
}

// The line. Answers may come in any order and late, so each is known by its type and trace.
function connect() {
  const socket = createConnection(PORT, HOST);
  const line = { socket, waiting: new Map() };
  let heard = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    heard = Buffer.concat([heard, bytes]);
    while (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0)) {
      const end = 2 + heard.readUInt16BE(0);
      const told = end > 2 ? read(heard.subarray(2, end)) : {}; // length 0 is a sign of life
      line.waiting.get(told.type + told[11])?.resolve(told);
      heard = heard.subarray(end);
    }
  });
  const broken = () => line.waiting.forEach(({ reject }) => reject(new Error("the line broke")));
  socket.on("error", broken).on("close", broken);
  return line;
}

const send = (type, fields, key) =>
  line.socket.write(write(type, { ...fields, 41: TERMINAL, 42: MERCHANT }, key));

async function ask(type, fields, key) {
  const answerType = number(Number(type) + 10, 4);
  const told = await new Promise((resolve, reject) => {
    line.waiting.set(answerType + fields[11], { resolve, reject });
    setTimeout(reject, 60_000, new Error("no answer")).unref();
    send(type, fields, key);
  });
  if (key && !told[64]) throw new Error(`${told[39]} without a code: sign on, and undo`);
  if (key && !timingSafeEqual(told[64], mac(key, told.covered))) throw new Error("a wrong code");
  console.log(type, told.type, ...[39, 48, 54].filter((no) => told[no]).map((no) => `${told[no]}`));
  return told;
}

// What a till does.
const keys = {};
const totals = { debit: [0, 0], credit: [0, 0] }; // amount, and how many
let batch = "000000"; // until the first sign-on tells it
let trace = 0;
let line = connect();

const nextTrace = () => number(++trace, 6);

async function signOn() {
  const told = await ask("0800", { 11: nextTrace(), 60: `00${batch}003` });
  if (`${told[39]}` !== "00") throw new Error(`no sign-on: ${told[39]}`);
  keys.pin = workingKey(told[62].subarray(0, 16), told[62].subarray(16, 20));
  keys.mac = workingKey(told[62].subarray(20, 36), told[62].subarray(36, 40));
  batch = told[60].slice(2, 8);
}

async function startAnew() { // under keys the host has not, a reversal is met with silence
  line.socket.destroySoon(); // what is written goes out, and nothing is heard any more
  line = connect();
  await signOn();
}

async function trade(type, fields, side) {
  const told = await ask(type, fields, keys.mac);
  if (side && `${told[39]}` === "00") {
    totals[side][0] += Number(fields[4]);
    totals[side][1] += 1;
  }
  if (told.signOnNext) await signOn();
  return told;
}

const money = (cents) => ({ 4: number(cents, 12), 11: nextTrace(), 25: "00", 49: "156" });
const swiped = { 22: "021", 26: "12", 35: TRACK2, 53: "2600000000000000" };
const withPin = () => ({ ...swiped, 52: pinBlock() });
const sale = (cents) => ({ 3: "000000", ...money(cents), ...withPin(), 60: `22${batch}` });
const original = (sold, told) => ({ 37: told[37], 61: `${sold[60].slice(2)}${sold[11]}` });
const asked = () => ({ 3: "310000", 11: nextTrace(), 25: "00", ...withPin(), 60: `01${batch}` });

await signOn();
await trade("0200", asked());

const first = sale(12345);
const firstTold = await trade("0200", first, "debit");
const whole = { 3: "200000", ...money(12345), 22: "012", 60: `23${batch}` };
await trade("0200", { ...whole, ...original(first, firstTold) }, "credit");

const lost = sale(777); // its line breaks: nobody knows whether it was sold
send("0200", lost, keys.mac);
await startAnew();
const undo = { ...lost, 39: "98" };
for (const no of [26, 35, 52, 53]) delete undo[no];
while (!(await trade("0400", undo).catch(startAnew))); // any answer ends it, 25 (never sold) too

const second = sale(5000);
const secondTold = await trade("0200", second, "debit");
const part = { 3: "200000", ...money(345), 22: "022", 35: TRACK2, 60: `25${batch}` };
await trade("0220", { ...part, ...original(second, secondTold) }, "credit");
await trade("0200", asked());

const side = ([sum, count]) => number(sum, 12) + number(count, 3);
const halves = `${side(totals.debit)}${side(totals.credit)}0` + "0".repeat(31); // of points, none
const settled = { 11: nextTrace(), 48: halves, 49: "156", 60: `00${batch}201` };
const { 48: told } = await ask("0500", settled);
if (told[30] + told[61] !== "11") throw new Error("not balanced: upload the records, end with 202");
await ask("0320", { 11: nextTrace(), 48: "0000", 60: `00${batch}207` });
line.socket.end();
