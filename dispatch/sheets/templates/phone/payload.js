// The message of outcomes, as docs/outcomes.md has its grammar.

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LONGEST_NOTE_BYTES = 360, MOST_MINUTES = 7 * 1440, MOST_THERE = 999, MOST_YUAN = 1e10;

/** Bytes as base 32, five bits a sign from the first bit on, the last padded with zeros. */
function base32(bytes) {
  let out = "", held = 0, bits = 0;
  for (const byte of bytes) {
    held = (held << 8 | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) out += DIGITS[held >>> bits - 5 & 31];
  }
  return bits ? out + DIGITS[held << 5 - bits & 31] : out;
}

/** CRC-32, that of zip, of a text in ASCII. */
function crc32(text) {
  let crc = -1;
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** The last digits in base 32 of the CRC-32. */
function check(text, signs) {
  const value = crc32(text);
  let out = "";
  for (let place = signs - 1; place >= 0; place--) out += DIGITS[value >>> 5 * place & 31];
  return out;
}

/** A note as it can be sent: without what the message cannot hold, cut between two characters. */
function sendable(note) {
  let out = "", size = 0;
  for (const sign of note.replace(/\s+/g, " ").trim()) {
    size += new TextEncoder().encode(sign).length;
    if (size > LONGEST_NOTE_BYTES) break;
    out += sign;
  }
  return out;
}

/** One record: { code, n, after, there, sent, note }, with null where nothing is said. */
function record(plan, one) {
  const said = [
    one.code, one.n, Math.min(Math.max(one.after, 0), MOST_MINUTES),
    one.there === null ? "" : Math.min(one.there, MOST_THERE),
    one.sent === null ? "" : Math.min(one.sent, MOST_YUAN),
    base32(new TextEncoder().encode(sendable(one.note))),
  ];
  while (said[said.length - 1] === "") said.pop();
  const body = said.join(".");
  return body + "." + check(plan + "-" + body, 3);
}

/** The whole message of these records. */
function message(plan, records) {
  const head = plan.toUpperCase();
  const told = ["FD1-" + head].concat(records.map((one) => record(head, one)), records.length).join("-");
  return told + "-" + check(told, 4);
}
