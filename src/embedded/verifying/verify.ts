/** `verify` on this machine: keeps on this disk what does not fit into memory, and waits by its clock. */

import type { VerifiedSource } from "../../core/ports/verified.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import { keyHash, keyOf } from "../../core/values/key.ts";
import { type Verification, type VerifyContext, verify } from "../../core/verify/verify.ts";
import { type SettleContext, settle } from "../../core/verify/verify-settle.ts";
import { withScratch } from "../../files/verify-scratch.ts";
import { systemTiming } from "../../sdk/timing.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import { exportItems } from "../exports/export-items.ts";

export interface VerifyRequest extends Omit<VerifyContext, "scratch"> {
  /** A folder for what one run keeps. */
  readonly temporaryFolder: string;
}

const PAUSE_SECONDS = 1;

/** Compares a lake's table with its source. */
export async function verifyTable(request: VerifyRequest): Promise<Verification> {
  return withScratch(request.temporaryFolder, (scratch) => verify({ ...request, scratch }));
}

export interface LiveSettling extends Omit<SettleContext, "hidden" | "pauseSeconds" | "nowMs" | "wait"> {
  readonly signal: AbortSignal;
}

/** Settles what differs from a source that goes on. */
export function liveSettling(settling: LiveSettling): VerifyContext["settle"] {
  const clock = {
    pauseSeconds: PAUSE_SECONDS,
    nowMs: () => systemTiming.nowMs(),
    wait: (seconds: number) => systemTiming.sleep(seconds * 1000, settling.signal),
  };
  return (candidates, hidden) => settle({ ...settling, ...clock, hidden }, candidates);
}

/** An export in the place of a table. Items by their keys take another reading of it. */
export function verifiedExport(folder: ExportFolder, schema: Schema): VerifiedSource {
  return {
    scan: async (take) => {
      for await (const items of exportItems(folder)) await take(items);
    },
    items: async (keys) => {
      const wanted = new Map(keys.map((key, i) => [keyHash(key), i]));
      const found: (Item | undefined)[] = keys.map(() => undefined);
      for await (const items of keys.length === 0 ? [] : exportItems(folder)) {
        for (const item of items) {
          const key = keyOf(schema.key, item);
          const i = key === undefined ? undefined : wanted.get(keyHash(key));
          if (i !== undefined) found[i] = item;
        }
      }
      return found;
    },
  };
}
