import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { hmacSha256, sha256Half } from "../../../src/core/values/hash.ts";
import { anyCharacter } from "../../arbitraries/character.ts";
import * as fc from "../../support/fast-check.ts";

const bytes = fc.uint8Array({ maxLength: 300, size: "max" });
const text = fc.string({ unit: anyCharacter, maxLength: 300, size: "max" });

/** The whole digest, by another function than the one under test. */
function digest(input: Uint8Array | string): string {
  return createHash("sha256").update(input).digest("hex");
}

describe("sha256Half", () => {
  test("is the first half of the digest", () => {
    fc.assert(
      fc.property(fc.oneof(bytes, text), (input) => {
        expect(sha256Half(input)).toBe(digest(input).slice(0, 32));
      }),
      { numRuns: 300 },
    );
  });

  test("is so at every length around the ends of blocks", () => {
    for (let length = 0; length <= 260; length++) {
      const input = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
      expect(sha256Half(input)).toBe(digest(input).slice(0, 32));
    }
  });

  test("is so for an input of megabytes, and for short ones after it", () => {
    const input = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31) & 255);
    expect(sha256Half(input)).toBe(digest(input).slice(0, 32));
    expect(sha256Half(input.subarray(0, 3))).toBe(digest(input.subarray(0, 3)).slice(0, 32));
  });

  test("hashes a text as its UTF-8", () => {
    fc.assert(
      fc.property(text, (input) => {
        expect(sha256Half(input)).toBe(sha256Half(new TextEncoder().encode(input)));
      }),
      { numRuns: 200 },
    );
  });

  // FIPS 180-4's example messages (NIST: "Cryptographic Standards and Guidelines, Example Values"), and no bytes at all.
  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb924"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223"],
    ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039"],
  ])("gives the standard's digest of %j", (input, half) => {
    expect(sha256Half(input)).toBe(half);
  });
});

describe("hmacSha256", () => {
  test("hashes a text as its UTF-8, under keys of every length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 140, size: "max" }), text, (key, input) => {
        const encoded = new TextEncoder().encode(input);
        expect(hmacSha256(key, input)).toBe(createHmac("sha256", key).update(encoded).digest("hex"));
      }),
      { numRuns: 300 },
    );
  });

  // RFC 4231, test cases 1, 2 and 6: a key shorter than the text, of another length, and longer than a block.
  test.each([
    [
      new Uint8Array(20).fill(0x0b),
      "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ],
    [
      new TextEncoder().encode("Jefe"),
      "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      new Uint8Array(131).fill(0xaa),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ])("gives the standard's code, case %#", (key, input, code) => {
    expect(hmacSha256(key, input)).toBe(code);
  });
});
