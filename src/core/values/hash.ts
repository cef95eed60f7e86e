/**
 * SHA-256 and its keyed form. A hash depends on its input alone, so the core takes it from node:crypto. This is the only
 * import of the core besides zod: the linter, scripts/core-globals.d.ts and test/core/purity.test.ts allow it in this file.
 */
import { createHmac, hash } from "node:crypto";

const HALF_DIGITS = 32;

/** The first 128 bits of the SHA-256 of bytes, or of a text in UTF-8: 32 hexadecimal digits. */
export function sha256Half(input: Uint8Array | string): string {
  return hash("sha256", input, "hex").slice(0, HALF_DIGITS);
}

/** HMAC-SHA-256 (RFC 2104) of a text in UTF-8 under `key`: 64 hexadecimal digits. */
export function hmacSha256(key: Uint8Array, input: string): string {
  return createHmac("sha256", key).update(input).digest("hex");
}
