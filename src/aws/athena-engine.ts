/** The query engine on AWS: Athena over the lake's Glue tables. */
import type { AthenaClient } from "@aws-sdk/client-athena";
import type { GlueClient } from "@aws-sdk/client-glue";
import { DynalakeError } from "../core/error.ts";
import type { Segment } from "../core/format/manifest.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { QueryEngine, Stage } from "../core/ports/query-engine.ts";
import type { Schema } from "../core/schema/schema.ts";
import type { NumberRange } from "../core/schema/staging-splits.ts";
import { athena } from "../core/sql/athena.ts";
import type { Timing } from "../sdk/timing.ts";
import { type Athena, athenaStatements } from "./athena-client.ts";
import { type GluePlace, relationsOfNow, stagedItems } from "./athena-relations.ts";
import { type GlueCatalog, glueCatalog } from "./glue-catalog.ts";
import { collectSegments, nextStatement } from "./segments-table.ts";
import { PARTS_AT_ONCE_MAX, unloadStatements } from "./unload.ts";

interface AthenaEngineOptions extends GluePlace {
  readonly workGroup: string;
  readonly athena: AthenaClient;
  readonly glue: GlueClient;
  /** The store of the bucket. */
  readonly store: ObjectStore;
  /** Statements that take longer are stopped. Default: 30 minutes. */
  readonly timeoutSeconds?: number;
  /** No statement is waited for beyond this moment. */
  readonly untilMs?: number;
  /** Stops all statements. */
  readonly signal?: AbortSignal;
  readonly timing?: Timing;
}

/** Staging in two steps; in between, a state machine runs the statements. */
interface StatementEngine {
  /**
   * The statements that write a run's segments. They may run in any order and concurrently, but none may run twice. `stages`
   * are all stages of the run. Fails with SQL_FAILED if a statement would be too long for Athena.
   */
  unloads(schema: Schema, stages: readonly Stage[]): readonly string[];

  /** The rows in a run's staging folder, or in some of its splits, as a relation with the wire columns of items. */
  staged(schema: Schema, run: string, splits?: NumberRange): string;

  /** The segments that the statements wrote, once all have succeeded. Idempotent. */
  collect(schema: Schema, stages: readonly Stage[]): Promise<readonly Segment[]>;
}

export interface AthenaEngine extends QueryEngine, StatementEngine {
  /** For results that do not fit into memory, and for callers that want their columns. */
  readonly statements: Athena;
  readonly catalog: GlueCatalog;
}

/** High, because Athena compares keys on many machines. */
const KEYS_AT_ONCE_MAX = 500_000_000;

/** The most rows that `rows` keeps in memory. */
const ROWS_MAX = 200_000;

export function athenaEngine(options: AthenaEngineOptions): AthenaEngine {
  const { database, bucket, signal, store, timeoutSeconds, timing, untilMs, workGroup } = options;
  const waiting = {
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(timing === undefined ? {} : { timing }),
  };
  const statements = athenaStatements({ client: options.athena, database, workGroup, ...waiting });
  const catalog = glueCatalog({
    client: options.glue,
    database,
    ...(timing === undefined ? {} : { timing }),
  });
  const rows = (sql: string): ReturnType<QueryEngine["rows"]> => allRows(statements, sql);
  const context = { database, bucket, store, catalog, rows };
  return {
    ...relationsOfNow({ database, bucket }),
    dialect: athena,
    keysAtOnceMax: KEYS_AT_ONCE_MAX,
    partsAtOnceMax: PARTS_AT_ONCE_MAX,
    rowsPerFileMax: Number.POSITIVE_INFINITY,
    statements,
    catalog,
    rows,
    staged: (schema, run, splits) => stagedItems({ database, bucket }, schema, run, splits),
    unloads: (schema, stages) => unloadStatements(bucket, schema, stages, 0),
    collect: (schema, stages) => collectSegments(context, schema.table, stages),
    stage: async ({ schema, ...stage }) => {
      const first = await nextStatement(store, schema.table, stage.run);
      for (const sql of unloadStatements(bucket, schema, [stage], first)) await statements.run(sql);
      return collectSegments(context, schema.table, [stage]);
    },
  };
}

async function allRows(
  statements: Athena,
  sql: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const all: Record<string, unknown>[] = [];
  for await (const { columns, rows } of statements.pages(await statements.run(sql))) {
    for (const row of rows) all.push(Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
    if (all.length > ROWS_MAX)
      throw new DynalakeError(
        "ENGINE_FAILED",
        `a statement returned more than ${ROWS_MAX.toLocaleString("en-US")} rows`,
      );
  }
  return all;
}
