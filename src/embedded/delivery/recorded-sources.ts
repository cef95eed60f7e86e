/** Which source tables the records of recordings may name, so that none of another table is delivered as this one's. */
import { parseRecord, Rejection } from "../../core/change/change.ts";
import { type NamedSource, namedSource } from "../../core/change/named-source.ts";
import type { Recording } from "../../core/delivery/recording.ts";
import { DynalakeError } from "../../core/error.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { knownSources, TableSources } from "../../core/table/table-sources.ts";

export interface RecordedSources {
  /** Undefined where nothing tells. */
  readonly sources: TableSources | undefined;
  /** What the recordings name as the source of a table that knew none yet. */
  readonly told: NamedSource | undefined;
}

/**
 * The source tables that changes may come from. The first recording of a new table tells it; one that names several fits none of
 * them. Throws INPUT_INVALID. Writes nothing.
 */
export async function sourcesFor(
  recordings: readonly Recording[],
  { schema, isFilled }: { readonly schema: Schema; readonly isFilled: boolean },
  store: ObjectStore,
): Promise<RecordedSources> {
  const known = await knownSources(store, schema, isFilled);
  if (known !== undefined) return { sources: known, told: undefined };
  const named = new Map(
    [...sourcesIn(recordings)].map((source) => [source.tableArn ?? source.table, source]),
  );
  const [told, ...others] = named.values();
  if (others.length > 0) {
    throw new DynalakeError(
      "INPUT_INVALID",
      `the recordings hold changes of several tables: ${[...named.keys()].join(", ")}`,
      {
        next: `Give a schema (\`--schema FILE\`) whose \`source\` is the table that "${schema.table}" is of: the others' changes are left alone then.`,
      },
    );
  }
  return { sources: told && new TableSources([told]), told };
}

function* sourcesIn(recordings: readonly Recording[]): Generator<NamedSource> {
  for (const { records } of recordings) {
    for (const record of records) {
      const named = typeof record === "string" ? namedSource(parsedOrNothing(record)) : undefined;
      if (named !== undefined) yield named;
    }
  }
}

/** A record that cannot be read goes to quarantine later. */
function parsedOrNothing(record: string): unknown {
  try {
    return parseRecord(record);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}
