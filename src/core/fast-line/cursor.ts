/**
 * Reads bytes of compact DynamoDB JSON and writes bytes of wire rows: the primitives of the fast way from an export's line to
 * a wire line. Every method that reads answers false where the input is not in the one plain form that it knows.
 */
import { endOfEscape, SHORT_ESCAPES } from "./escape.ts";

/** Bytes of a JSON text: what may stand as it is in a string (0), the quote, the backslash, and what no string holds as it is. */
const PLAIN = 0;
const BYTE_CLASSES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 34 || byte === 92 || byte < 32 ? 1 : PLAIN,
);
/**
 * Bytes of which names and members of sets are made. Up to lead bytes of U+D7FF the order of UTF-8 bytes is the order of
 * UTF-16 units, which is that of the rows.
 */
const NAME_CLASSES: Uint8Array = BYTE_CLASSES.map((kind, byte) => (byte >= 0xee ? 1 : kind));

const QUOTE = 34;
const BACKSLASH = 92;
const SLASH = 47;
const COLON = 58;
const ZERO = 48;
const NUMBER_BYTES_MAX = 64;
/** Longer moves are handed to the engine, shorter ones are faster byte by byte. */
const LOOP_BYTES_MAX = 96;
const OUTPUT_BYTES_MIN = 64 * 1024;

export class LineCursor {
  input: Uint8Array = new Uint8Array(0);
  /** The next byte of the input. */
  at = 0;
  output: Uint8Array = new Uint8Array(OUTPUT_BYTES_MIN);
  /** Bytes written. */
  length = 0;
  /** Cleared where what was written does not give the attribute back by itself. */
  exact = true;

  /** Where the plain text or number that was read last stands in the input. */
  from = 0;
  to = 0;
  /** The hash of the plain text that was read last. */
  hash = 0;
  /** The number that was read last; `digits` is all its digits without the point, exact for up to 15 of them. */
  negative = false;
  digits = 0;
  wholeDigits = 0;
  fractionDigits = 0;
  /** What the number that was read last is ordered by in a set. */
  rank = 0;

  /** The members of all objects and sets that are open, a stack: where each is written and what it is ordered by. */
  readonly #ranks: number[] = [];
  readonly #namesFrom: number[] = [];
  readonly #namesTo: number[] = [];
  readonly #starts: number[] = [];
  #members = 0;
  readonly #few: Int32Array = new Int32Array(16);

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    if (this.output.length - this.length >= bytes) return;
    const larger = new Uint8Array(Math.max(this.output.length * 2, this.length + bytes));
    larger.set(this.output.subarray(0, this.length));
    this.output = larger;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.output.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What was written, until the next write. */
  written(): Uint8Array {
    return this.output.subarray(0, this.length);
  }

  /** Forgets what was written, and the room that an uncommonly long line has needed. */
  clear(bytesKeptMax: number): void {
    this.length = 0;
    if (this.output.length > bytesKeptMax) this.output = new Uint8Array(OUTPUT_BYTES_MIN);
  }

  /** Passes over exactly these bytes. */
  accept(bytes: Uint8Array): boolean {
    const { input, at } = this;
    for (let i = 0; i < bytes.length; i++) if (input[at + i] !== bytes[i]) return false;
    this.at = at + bytes.length;
    return true;
  }

  acceptByte(byte: number): boolean {
    if (this.input[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  put(bytes: Uint8Array): void {
    const { output, length } = this;
    for (let i = 0; i < bytes.length; i++) output[length + i] = bytes[i] as number;
    this.length = length + bytes.length;
  }

  putByte(byte: number): void {
    this.output[this.length++] = byte;
  }

  /** Writes the input's bytes from `from` up to `to`. */
  copy(from: number, to: number): void {
    const { input, output } = this;
    let { length } = this;
    if (to - from > LOOP_BYTES_MAX) output.set(input.subarray(from, to), length);
    else for (let i = from, o = length; i < to; i++, o++) output[o] = input[i] as number;
    length += to - from;
    this.length = length;
  }

  /** Copies the content of a JSON string as it is, up to its closing quote. */
  text(): boolean {
    for (;;) {
      const byte = this.#copyPlain();
      if (byte !== BACKSLASH) return byte === QUOTE;
      const end = endOfEscape(this.input, this.at);
      if (end === -1) return false;
      this.copy(this.at, end);
      this.at = end;
    }
  }

  /**
   * Copies the content of a JSON string, up to its closing quote, for a JSON text within a JSON string. That text has one
   * spelling for every string, so that only the escapes that JSON.stringify writes are known here.
   */
  textWithin(): boolean {
    for (;;) {
      const byte = this.#copyPlain();
      if (byte !== BACKSLASH) return byte === QUOTE;
      const escaped = this.input[this.at + 1] as number;
      if (SHORT_ESCAPES[escaped] !== 1 || escaped === SLASH) return false;
      this.putByte(BACKSLASH);
      this.putByte(BACKSLASH);
      if (escaped === QUOTE || escaped === BACKSLASH) this.putByte(BACKSLASH);
      this.putByte(escaped);
      this.at += 2;
    }
  }

  /** Copies the bytes that stand in a string as they are; returns the first other one. */
  #copyPlain(): number {
    const { input, output } = this;
    let { at, length } = this;
    let byte = input[at] as number;
    while (BYTE_CLASSES[byte] === PLAIN) {
      output[length++] = byte;
      byte = input[++at] as number;
    }
    this.at = at;
    this.length = length;
    return byte;
  }

  /** Passes over the content of a JSON string without escapes that sorts by its bytes, up to its closing quote. */
  plainText(): boolean {
    const { input } = this;
    let { at } = this;
    let hash = 0;
    let byte = input[at] as number;
    this.from = at;
    while (NAME_CLASSES[byte] === PLAIN) {
      hash = (Math.imul(hash, 31) + byte) | 0;
      byte = input[++at] as number;
    }
    this.to = at;
    this.hash = hash;
    this.at = at;
    return byte === QUOTE;
  }

  /** Passes over a member's name and the colon after it. */
  name(): boolean {
    if (this.input[this.at] !== QUOTE) return false;
    this.at++;
    if (!this.plainText() || this.input[this.at + 1] !== COLON) return false;
    this.at += 2;
    return true;
  }

  /** Passes over a canonical number, up to the closing quote. */
  number(): boolean {
    const { input } = this;
    const from = this.at;
    const negative = input[from] === 45;
    const wholeFrom = negative ? from + 1 : from;
    let at = wholeFrom;
    let digits = 0;
    let digit = (input[at] as number) - ZERO;
    for (; digit >= 0 && digit <= 9; digit = (input[++at] as number) - ZERO) digits = digits * 10 + digit;
    this.wholeDigits = at - wholeFrom;
    this.fractionDigits = 0;
    if (at === wholeFrom || (input[wholeFrom] === ZERO && at > wholeFrom + 1)) return false;
    if (input[at] === 46) {
      const fractionFrom = ++at;
      digit = (input[at] as number) - ZERO;
      for (; digit >= 0 && digit <= 9; digit = (input[++at] as number) - ZERO) digits = digits * 10 + digit;
      this.fractionDigits = at - fractionFrom;
      if (at === fractionFrom || input[at - 1] === ZERO) return false;
    }
    this.from = from;
    this.to = at;
    this.negative = negative;
    this.digits = digits;
    this.at = at;
    return input[at] === QUOTE && !(negative && digits === 0) && at - from <= NUMBER_BYTES_MAX;
  }

  /** The place in the stack of members at which an object or set that opens now has its first one. */
  openMembers(): number {
    return this.#members;
  }

  /** A member is written from here on. Members are in the order of their ranks, those of one rank in that of their names. */
  member(rank: number, nameFrom: number, nameTo: number): void {
    const i = this.#members++;
    this.#ranks[i] = rank;
    this.#namesFrom[i] = nameFrom;
    this.#namesTo[i] = nameTo;
    this.#starts[i] = this.length;
  }

  /** Drops the members of a line that was given up. */
  dropMembers(opened: number): void {
    this.#members = opened;
  }

  /** Closes the members since `opened`, each written with one comma after it but the last, in order. False for two equal ones. */
  closeMembers(opened: number): boolean {
    const end = this.#members;
    this.#members = opened;
    let ascending = true;
    for (let i = opened + 1; i < end; i++) {
      const order = this.#compare(i - 1, i);
      if (order === 0) return false;
      if (order > 0) ascending = false;
    }
    return ascending || this.#reorder(opened, end);
  }

  /** Writes the members once more, in order, and moves them to where they were. */
  #reorder(opened: number, end: number): boolean {
    const order = this.#sorted(opened, end);
    const { output, length } = this;
    const start = this.#starts[opened] as number;
    let to = length;
    for (let i = 0; i < end - opened; i++) {
      const member = order[i] as number;
      if (i > 0 && this.#compare(order[i - 1] as number, member) === 0) return false;
      const from = this.#starts[member] as number;
      const memberEnd = member + 1 < end ? (this.#starts[member + 1] as number) - 1 : length;
      move(output, to, from, memberEnd);
      to += memberEnd - from;
      output[to++] = 44;
    }
    move(output, start, length, to - 1);
    return true;
  }

  /** The members in order. A few of them, as most objects have, are put in order in place: every line may need it. */
  #sorted(opened: number, end: number): Int32Array | number[] {
    if (end - opened > this.#few.length)
      return Array.from({ length: end - opened }, (_, i) => opened + i).sort((a, b) => this.#compare(a, b));
    const order = this.#few;
    for (let member = opened; member < end; member++) {
      let i = member - opened;
      for (; i > 0 && this.#compare(order[i - 1] as number, member) > 0; i--)
        order[i] = order[i - 1] as number;
      order[i] = member;
    }
    return order;
  }

  #compare(a: number, b: number): number {
    const rank = (this.#ranks[a] as number) - (this.#ranks[b] as number);
    if (rank !== 0) return rank;
    const { input } = this;
    const fromA = this.#namesFrom[a] as number;
    const fromB = this.#namesFrom[b] as number;
    const lengthA = (this.#namesTo[a] as number) - fromA;
    const lengthB = (this.#namesTo[b] as number) - fromB;
    for (let i = 0; i < lengthA && i < lengthB; i++) {
      const difference = (input[fromA + i] as number) - (input[fromB + i] as number);
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }
}

function move(bytes: Uint8Array, to: number, from: number, end: number): void {
  if (end - from > LOOP_BYTES_MAX) bytes.copyWithin(to, from, end);
  else for (let i = from, o = to; i < end; i++, o++) bytes[o] = bytes[i] as number;
}
