/**
 * SHA-256 (FIPS 180-4) and HMAC (RFC 2104) without I/O, so that the core hashes keys alike wherever it runs. For the
 * short inputs met here it is also faster than a call into a native library.
 */

const ROUND_CONSTANTS = new Int32Array(64);
const INITIAL_STATE = new Int32Array(8);
fillConstants();

/** The constants are the first 32 bits of the fractions of the roots of the first primes (FIPS 180-4, 4.2.2 and 5.3.3). */
function fillConstants(): void {
  let count = 0;
  for (let candidate = 2; count < 64; candidate++) {
    if (!isPrime(candidate)) continue;
    if (count < 8) INITIAL_STATE[count] = fractionBits(Math.sqrt(candidate));
    ROUND_CONSTANTS[count] = fractionBits(Math.cbrt(candidate));
    count++;
  }
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) return false;
  }
  return true;
}

function fractionBits(root: number): number {
  return ((root - Math.floor(root)) * 4294967296) | 0;
}

const BLOCK_BYTES = 64;
const schedule = new Int32Array(64);
const state = new Int32Array(8);
let padded = new Uint8Array(1024);

/** The digest of the first `length` bytes of `input`: 64 hexadecimal digits. */
export function sha256(input: Uint8Array, length: number = input.length): string {
  digest(input, length);
  let text = "";
  for (let i = 0; i < 8; i++) text += hexWord(state[i] as number);
  return text;
}

/** The first 128 bits of the digest: 32 hexadecimal digits. */
export function sha256Half(input: Uint8Array, length: number = input.length): string {
  digest(input, length);
  return (
    hexWord(state[0] as number) +
    hexWord(state[1] as number) +
    hexWord(state[2] as number) +
    hexWord(state[3] as number)
  );
}

/** Writes the 32 digits of `sha256Half` into `target` at `at`. */
export function writeSha256Half(input: Uint8Array, length: number, target: Uint8Array, at: number): void {
  digest(input, length);
  for (let i = 0; i < 16; i++) {
    const byte = (state[i >> 2] as number) >>> (24 - 8 * (i & 3));
    target[at + 2 * i] = HEX_DIGITS[(byte >>> 4) & 15] as number;
    target[at + 2 * i + 1] = HEX_DIGITS[byte & 15] as number;
  }
}

/** HMAC-SHA-256 of `input` under `key`: 64 hexadecimal digits. */
export function hmacSha256(key: Uint8Array, input: Uint8Array): string {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? hexToBytes(sha256(key)) : key);
  const inner = new Uint8Array(BLOCK_BYTES + input.length);
  const outer = new Uint8Array(BLOCK_BYTES + 32);
  for (let i = 0; i < BLOCK_BYTES; i++) {
    inner[i] = (block[i] as number) ^ 0x36;
    outer[i] = (block[i] as number) ^ 0x5c;
  }
  inner.set(input, BLOCK_BYTES);
  outer.set(hexToBytes(sha256(inner)), BLOCK_BYTES);
  return sha256(outer);
}

function hexToBytes(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

const HEX_DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hexWord(word: number): string {
  return (
    (HEX_BYTES[word >>> 24] as string) +
    (HEX_BYTES[(word >>> 16) & 255] as string) +
    (HEX_BYTES[(word >>> 8) & 255] as string) +
    (HEX_BYTES[word & 255] as string)
  );
}

function digest(input: Uint8Array, length: number): void {
  const total = (length + 9 + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
  if (padded.length < total) padded = new Uint8Array(total * 2);
  for (let i = 0; i < length; i++) padded[i] = input[i] as number;
  padded[length] = 0x80;
  padded.fill(0, length + 1, total);
  const bits = length * 8;
  for (let i = 0; i < 4; i++) padded[total - 1 - i] = bits >>> (8 * i);
  padded[total - 5] = Math.floor(bits / 4294967296);
  state.set(INITIAL_STATE);
  for (let offset = 0; offset < total; offset += BLOCK_BYTES) compress(offset);
}

function compress(offset: number): void {
  const w = schedule;
  for (let i = 0; i < 16; i++) {
    const at = offset + i * 4;
    w[i] =
      ((padded[at] as number) << 24) |
      ((padded[at + 1] as number) << 16) |
      ((padded[at + 2] as number) << 8) |
      (padded[at + 3] as number);
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15] as number;
    const y = w[i - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0;
  }
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + s1 + choice + (ROUND_CONSTANTS[i] as number) + (w[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + s0 + majority) | 0;
  }
  state[0] = ((state[0] as number) + a) | 0;
  state[1] = ((state[1] as number) + b) | 0;
  state[2] = ((state[2] as number) + c) | 0;
  state[3] = ((state[3] as number) + d) | 0;
  state[4] = ((state[4] as number) + e) | 0;
  state[5] = ((state[5] as number) + f) | 0;
  state[6] = ((state[6] as number) + g) | 0;
  state[7] = ((state[7] as number) + h) | 0;
}
