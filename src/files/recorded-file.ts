/** Files of recorded events on this machine. */
import { open } from "node:fs/promises";
import { grouped } from "../core/counted.ts";
import { type Recording, recordingOf } from "../core/delivery/recording.ts";
import { DynalakeError } from "../core/error.ts";
import { systemCode } from "./file-error.ts";
import type { GivenFile } from "./given-file.ts";

/** A recorded file is read whole; a larger one has to be split. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** Throws INPUT_INVALID if the file cannot be read, is too large, or is not a recording. */
export async function readRecordedFile({ name: file, path }: GivenFile): Promise<Recording> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw new DynalakeError("INPUT_INVALID", `${file} cannot be read: ${systemCode(cause)}`, { cause });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new DynalakeError("INPUT_INVALID", `${file} is not a regular file`);
    if (facts.size > FILE_BYTES_MAX) {
      throw new DynalakeError(
        "INPUT_INVALID",
        `${file} has ${grouped(facts.size)} bytes; at most ${grouped(FILE_BYTES_MAX)} are allowed`,
        { next: "Split the file into several: JSON lines of records can be cut at any line." },
      );
    }
    return recordingOf(file, await handle.readFile());
  } finally {
    await handle.close();
  }
}
