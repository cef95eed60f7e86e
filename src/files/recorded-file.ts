/** Recordings of events as bytes: files of this machine, and the contents of objects. Gzip, as Firehose leaves it, is unpacked. */
import { open } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { grouped } from "../core/counted.ts";
import { type Recording, recordingOf } from "../core/delivery/recording.ts";
import { DynalakeError } from "../core/error.ts";
import { systemCode, systemReason } from "./file-error.ts";
import type { GivenFile } from "./given-file.ts";
import { isGzip } from "./gzip.ts";

/** A recorded file is read whole; a larger one has to be split. Of gzip, both sides are bounded. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** What a file or an object holds, as a recording. Throws INPUT_INVALID. */
export function readRecording(name: string, content: Uint8Array): Recording {
  return recordingOf(name, isGzip(content) ? unpacked(name, content) : content);
}

function unpacked(name: string, content: Uint8Array): Uint8Array {
  try {
    return gunzipSync(content, { maxOutputLength: FILE_BYTES_MAX }); // breakage: unpacked-recording-bounded
  } catch (cause) {
    if (systemCode(cause) === "ERR_BUFFER_TOO_LARGE") {
      throw new DynalakeError(
        "INPUT_INVALID",
        `${name} has more than ${grouped(FILE_BYTES_MAX)} bytes when it is unpacked`,
        { next: SPLIT },
      );
    }
    throw new DynalakeError("INPUT_INVALID", `${name} is not a complete gzip file`, { cause });
  }
}

const SPLIT = "Split the file into several: JSON lines of records can be cut at any line.";

/** Throws INPUT_INVALID if the file cannot be read, is too large, or is not a recording. */
export async function readRecordedFile({ name: file, path }: GivenFile): Promise<Recording> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw new DynalakeError("INPUT_INVALID", `${file} cannot be read: ${systemReason(cause)}`, { cause });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new DynalakeError("INPUT_INVALID", `${file} is not a regular file`);
    if (facts.size > FILE_BYTES_MAX) {
      throw new DynalakeError(
        "INPUT_INVALID",
        `${file} has ${grouped(facts.size)} bytes; at most ${grouped(FILE_BYTES_MAX)} are allowed`,
        { next: SPLIT },
      );
    }
    return readRecording(file, await handle.readFile());
  } finally {
    await handle.close();
  }
}
