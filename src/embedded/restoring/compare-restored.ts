/** Compares a table of DynamoDB with the items that were restored into it. Nothing is awaited: what is not there is not there. */

import type { Schema } from "../../core/schema/schema.ts";
import { type Verification, verify } from "../../core/verify/verify.ts";
import { difference, isSame, shownItems, sourceItems } from "../../core/verify/verify-settle.ts";
import { withScratch } from "../../files/verify-scratch.ts";
import type { Timing } from "../../sdk/timing.ts";
import type { SourceConnection } from "../../source/source-connection.ts";
import { batchGetOf, verifiedTable } from "../../source/verified-table.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import { pinnedLake } from "./pinned-items.ts";

export interface RestoredTable {
  readonly connection: SourceConnection;
  readonly to: string;
  /** The lake table's. */
  readonly schema: Schema;
  readonly items: ExportFolder;
  readonly temporaryFolder: string;
  /** At most this many differences are named. */
  readonly namedMax: number;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  readonly onItems: (items: number) => void;
}

const CANDIDATES_MAX = 5_000;

export interface ComparedRestore {
  /** "extra" items are those that the table lacks; nothing is "missing". */
  readonly verification: Verification;
  /** Items that only the table has. */
  readonly others: number;
}

export async function compareRestored(restored: RestoredTable): Promise<ComparedRestore> {
  let others = 0;
  const { connection, timing, signal } = restored;
  const schema: Schema = { ...restored.schema, source: restored.to };
  const source = verifiedTable(
    { ...connection, batchGet: batchGetOf(connection) },
    { schema, signal },
    timing,
  );
  const lake = pinnedLake(restored.items, schema);
  const verification = await withScratch(restored.temporaryFolder, (scratch) =>
    verify({
      schema,
      source,
      lake,
      scratch,
      settle: async (candidates, hidden) => {
        const inTable = await sourceItems({ schema, hidden, source }, candidates);
        const pinned = await shownItems({ lake, hidden }, candidates);
        const differing = candidates.filter(
          ({ keyHash }) => !isSame(inTable.get(keyHash), pinned.get(keyHash)),
        );
        const differences = differing.map((candidate) =>
          difference(schema, candidate, inTable.get(candidate.keyHash), pinned.get(candidate.keyHash)),
        );
        const own = differences.filter(({ kind }) => kind !== "missing");
        others += differences.length - own.length;
        return { differences: own, unsettled: [] };
      },
      candidatesMax: CANDIDATES_MAX,
      namedMax: restored.namedMax,
      onProgress: ({ step, done }) => {
        if (step === "source") restored.onItems(done);
      },
    }),
  );
  return { verification, others };
}
