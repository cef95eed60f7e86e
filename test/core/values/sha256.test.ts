import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { hmacSha256, sha256, sha256Half } from "../../../src/core/values/sha256.ts";
import * as fc from "../../support/fast-check.ts";

const bytes = fc.uint8Array({ maxLength: 300, size: "max" });

function nodeDigest(input: Uint8Array): string {
  return createHash("sha256").update(input).digest("hex");
}

describe("sha256", () => {
  test("agrees with node:crypto", () => {
    fc.assert(
      fc.property(bytes, (input) => {
        expect(sha256(input)).toBe(nodeDigest(input));
      }),
      { numRuns: 300 },
    );
  });

  test("agrees with node:crypto at every length around the ends of blocks", () => {
    for (let length = 0; length <= 260; length++) {
      const input = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
      expect(sha256(input)).toBe(nodeDigest(input));
    }
  });

  test("agrees with node:crypto on an input of megabytes, and on short ones after it", () => {
    const input = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31) & 255);
    expect(sha256(input)).toBe(nodeDigest(input));
    expect(sha256(input.subarray(0, 3))).toBe(nodeDigest(input.subarray(0, 3)));
  });

  test("hashes the first bytes only, where a length is given", () => {
    fc.assert(
      fc.property(bytes, fc.nat(300), (input, atMost) => {
        const length = Math.min(atMost, input.length);
        expect(sha256(input, length)).toBe(nodeDigest(input.subarray(0, length)));
      }),
      { numRuns: 200 },
    );
  });

  test("gives the digest of the standard's example", () => {
    expect(sha256(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

test("sha256Half is the first half of the digest", () => {
  fc.assert(
    fc.property(bytes, (input) => {
      expect(sha256Half(input)).toBe(nodeDigest(input).slice(0, 32));
    }),
    { numRuns: 200 },
  );
});

test("hmacSha256 agrees with node:crypto for keys of every length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 140, size: "max" }), bytes, (key, input) => {
      expect(hmacSha256(key, input)).toBe(createHmac("sha256", key).update(input).digest("hex"));
    }),
    { numRuns: 300 },
  );
  for (const length of [0, 63, 64, 65]) {
    const key = new Uint8Array(length).fill(7);
    expect(hmacSha256(key, key)).toBe(createHmac("sha256", key).update(key).digest("hex"));
  }
});
