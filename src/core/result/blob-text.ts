/** How binary values are printed: as DuckDB casts a BLOB to text, in which no two values look the same. */
export function blobText(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => {
    const isPlain = byte >= 0x20 && byte < 0x7f && !`"'\\`.includes(String.fromCharCode(byte));
    return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return text.join("");
}
