/** What became of the items of one file of an export, as it waits in the staging folder. */
import { z } from "zod";
import { DynalakeError } from "../../core/error.ts";

export interface Tally {
  /** Items in the file, by the export's manifest. */
  readonly itemCount: number;
  /** Items that became rows. */
  readonly items: number;
  /** Items that belong to no lake table. */
  readonly skipped: number;
  /** Lines that hold no item. */
  readonly rejected: number;
}

const count = z.number().int().min(0);
const tallyFile = z.object({ itemCount: count, items: count, skipped: count, rejected: count });

export function tallyText(tally: Tally): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(tally));
}

export function parseTally(content: Uint8Array, path: string): Tally {
  try {
    return tallyFile.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch (cause) {
    throw new DynalakeError("LAKE_DAMAGED", `${path} does not tell what became of a file`, { cause });
  }
}
