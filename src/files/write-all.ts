/** Bytes into an open file. */
import type { FileHandle } from "node:fs/promises";

/**
 * Writes all of the bytes at the place where the last write ended. Node's own `appendFile` hands over half a megabyte at a time,
 * and waits each time until the event loop, which may have much else to do, comes round to it.
 */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
