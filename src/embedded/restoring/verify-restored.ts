/** Compares a table of DynamoDB with the items of a moment, such as one that an import has made, and writes nothing to it. */
import { tmpdir } from "node:os";
import { describeSource } from "../../source/describe-source.ts";
import { type ComparedRestore, compareRestored } from "./compare-restored.ts";
import { withPinnedItems } from "./pinned-items.ts";
import { type RestorePlace, requireSameKey } from "./restore-plan.ts";

export interface RestoredWish {
  readonly to: string;
  /** Undefined: now. */
  readonly asOfSeconds?: number;
  /** At most this many differences are named. */
  readonly namedMax: number;
  readonly onProgress: (step: "pinning" | "comparing", done: number) => void;
}

export interface VerifiedItems extends ComparedRestore {
  readonly asOfSeconds: number;
  /** Items of the lake table. */
  readonly items: number;
}

/** Fails as a query of the lake does, as reading the table does, and with USAGE for a table with another key. */
export async function verifyRestored(
  place: RestorePlace,
  { to, asOfSeconds: wished, namedMax, onProgress }: RestoredWish,
): Promise<VerifiedItems> {
  const { opened, connection, timing, signal } = place;
  requireSameKey(opened, to, await describeSource(connection, to, signal));
  const onItems = (done: number) => onProgress("pinning", done);
  return withPinnedItems({ place, asOfSeconds: wished, onItems }, async ({ items, asOfSeconds, folder }) => {
    const compared = await compareRestored({
      connection,
      to,
      schema: opened.schema,
      items: folder,
      temporaryFolder: tmpdir(),
      namedMax,
      timing,
      signal,
      onItems: (done) => onProgress("comparing", done),
    });
    return { ...compared, asOfSeconds, items };
  });
}
