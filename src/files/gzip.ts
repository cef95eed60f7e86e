/** Gzip, by its first bytes (RFC 1952). */

export function isGzip(content: Uint8Array): boolean {
  return content[0] === 0x1f && content[1] === 0x8b;
}
