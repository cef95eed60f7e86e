/** Checks what a file says about the snapshots that a table keeps. Apart from the type, which the library shows to its users. */
import * as z from "zod/mini";
import type { SnapshotsKept } from "./snapshots-kept.ts";

const atLeastOne = z.int().check(z.minimum(1));

export const snapshotsKeptShape: z.ZodMiniType<SnapshotsKept> = z.union([
  atLeastOne,
  z.literal("all"),
  z.object({ seconds: atLeastOne }),
]);
