/** What a restore would do, found out before it does anything. */
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { isoText } from "../../core/row/iso-text.ts";
import type { StoredItem } from "../../core/row/stored-item.ts";
import { wholenessOf } from "../../core/status/wholeness.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import { recallTableDesign, type TableDesign } from "../../core/table/table-design.ts";
import { keyAttributes } from "../../core/values/key.ts";
import { restoreObstacles } from "../../core/verify/restore-obstacles.ts";
import { folderStore } from "../../files/folder-store.ts";
import type { Timing } from "../../sdk/timing.ts";
import { describeSource, type SourceDescription } from "../../source/describe-source.ts";
import type { SourceConnection } from "../../source/source-connection.ts";
import { placeText } from "../../source/source-error.ts";
import { sameKeySchema } from "../schemas/schema-choice.ts";
import { type RestoreState, readRestore } from "./restore-file.ts";

export interface RestoreWish {
  readonly to: string;
  /** Undefined: now. */
  readonly asOfSeconds?: number;
  /** How a new table is made. Default: as the source is, or was at the last snapshot. */
  readonly design?: TableDesign;
  /** Items whose keys are there are replaced; by default they stay. */
  readonly replace: boolean;
  /** Restores what there is of a table that is not whole. */
  readonly incomplete: boolean;
  /** Restores into a table that lakes follow: each item comes back by its stream. */
  readonly intoSource: boolean;
}

export interface RestorePlan {
  readonly to: string;
  readonly asOfSeconds: number | undefined;
  readonly mode: RestoreState["mode"];
  /** The table as it is; undefined if it is to be made. */
  readonly target: SourceDescription | undefined;
  readonly design: TableDesign;
  /** What the restored items may lack. */
  readonly lacks: readonly string[];
  /** What an earlier run of the same restore has left. */
  readonly begun: RestoreState | undefined;
}

/** The lake of a restore, which only reads it. */
export interface RestoredLake {
  readonly store: ObjectStore;
  /** Those of the event source mappings that read a deployment's source, whose failed batches belong to the table. */
  readonly mappingIds?: readonly string[];
  /** The ARN of a source of another account: a name means one of the caller's. Default: the schema's source. */
  readonly sourceArn?: string;
  /** A folder of this machine for what a restore needs until it is done: the lake's own, if it is one. Absolute. */
  readonly workFolder: string;
  /** The items of now, or those of a time, in no order and many at a time. */
  items(opened: OpenTable, asOfSeconds: number | undefined): AsyncIterable<readonly StoredItem[]>;
}

/** From where to where. */
export interface RestorePlace {
  readonly lake: RestoredLake;
  readonly opened: OpenTable;
  readonly connection: SourceConnection;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

export type ImportWish = Pick<RestoreWish, "to" | "asOfSeconds" | "design" | "incomplete">;

export type ImportPlan = Pick<RestorePlan, "to" | "asOfSeconds" | "design" | "lacks">;

/** Source: "Naming rules", docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html. */
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

/** Throws USAGE where the wish cannot be met, and INCOMPLETE where the table is not whole. */
export async function planRestore(
  { lake, opened, connection, signal }: RestorePlace,
  wish: RestoreWish,
): Promise<RestorePlan> {
  const { to } = wish;
  const { table } = opened.schema;
  const lacks = await lacksOf(lake, opened, wish);
  const target = await describedIfThere(connection, to, signal);
  const begun = await readRestore(folderStore(lake.workFolder), table, to);
  if (begun !== undefined) requireSame(begun, wish, target);
  else if (target !== undefined) requireFitting({ lake, opened, connection }, wish, target);
  const mode = begun?.mode ?? modeOf(wish, target);
  const design = wish.design ?? (await knownDesign(lake, opened, connection, signal)) ?? target?.design;
  return {
    to,
    asOfSeconds: wish.asOfSeconds,
    mode,
    target,
    design: requireDesign(design, table),
    lacks,
    begun,
  };
}

/** What an import of DynamoDB would make. Throws as `planRestore` does; the import makes its table itself, without local indexes. */
export async function planImport(
  { lake, opened, connection, signal }: RestorePlace,
  wish: ImportWish,
): Promise<ImportPlan> {
  const { to, asOfSeconds } = wish;
  const { table } = opened.schema;
  const lacks = await lacksOf(lake, opened, wish);
  // breakage: import-makes-its-table
  if ((await describedIfThere(connection, to, signal)) !== undefined)
    throw new DynalakeError("USAGE", `table "${to}" exists ${placeText(connection.place)}`, {
      next: "An import makes its table: choose another name, or restore into this one without --to-s3.",
    });
  const known = wish.design ?? (await knownDesign(lake, opened, connection, signal));
  const design = requireDesign(known, table);
  const [local] = design.localIndexes;
  // breakage: import-keeps-local-indexes
  if (local !== undefined)
    throw new DynalakeError("USAGE", `the table would lose its local index "${local.name}" in an import`, {
      next: "Restore it without --to-s3, or give --like FILE without local indexes.",
    });
  return { to, asOfSeconds, design, lacks };
}

/** What the restored items may lack. Throws USAGE for a name that no table can have, and INCOMPLETE. */
async function lacksOf(
  { store, mappingIds }: Pick<RestoredLake, "store" | "mappingIds">,
  { schema, manifest }: OpenTable,
  { to, incomplete }: Pick<RestoreWish, "to" | "incomplete">,
): Promise<readonly string[]> {
  if (!TABLE_NAME.test(to)) throw new DynalakeError("USAGE", `"${to}" is not a name that a table can have`);
  const lacks = restoreObstacles(
    schema,
    await wholenessOf({ store, ...defined({ mappingIds }) }, manifest, schema.table),
  );
  if (!incomplete) requireWhole(schema.table, lacks);
  return lacks;
}

function modeOf({ replace }: RestoreWish, target: SourceDescription | undefined): RestoreState["mode"] {
  if (target === undefined) return "fresh";
  return replace ? "replace" : "keep";
}

function requireWhole(table: string, lacks: readonly string[]): void {
  if (lacks.length === 0) return;
  throw new DynalakeError("INCOMPLETE", `"${table}" may not have its items whole: ${lacks.join("; ")}`, {
    next: "Repair it first (`dynalake status` says how), or restore what there is with --incomplete.",
  });
}

async function describedIfThere(
  connection: SourceConnection,
  table: string,
  signal: AbortSignal,
): Promise<SourceDescription | undefined> {
  try {
    return await describeSource(connection, table, signal);
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "TABLE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** As it is now, or as it was at the last snapshot. */
async function knownDesign(
  lake: RestoredLake,
  { schema }: OpenTable,
  connection: SourceConnection,
  signal: AbortSignal,
): Promise<TableDesign | undefined> {
  const source = await describedIfThere(connection, lake.sourceArn ?? schema.source, signal);
  return source?.design ?? (await recallTableDesign(lake.store, schema.table));
}

function requireSame(
  begun: RestoreState,
  { to, asOfSeconds, replace }: RestoreWish,
  target: SourceDescription | undefined,
): void {
  const began = `a restore into "${to}" has begun`;
  const next =
    "Run it again as it began, or remove the folder _restores of the lake, or of --work-dir, to give it up.";
  if (asOfSeconds !== undefined && asOfSeconds !== begun.asOfSeconds)
    throw new DynalakeError("USAGE", `${began} with the items of ${isoText(begun.asOfSeconds * 1000)}`, {
      next,
    });
  if (replace !== (begun.mode === "replace"))
    throw new DynalakeError("USAGE", `${began} ${replace ? "without" : "with"} --overwrite`, { next });
  // breakage: restore-knows-its-table
  if (begun.made && target?.tableId !== begun.tableId)
    throw new DynalakeError("USAGE", `${began}, and the table is another one since`, { next });
}

function requireFitting(
  { lake, opened, connection }: Pick<RestorePlace, "lake" | "opened" | "connection">,
  { to, intoSource }: RestoreWish,
  target: SourceDescription,
): void {
  const { schema } = opened;
  requireSameKey(opened, to, target);
  const source = lake.sourceArn ?? schema.source;
  // breakage: restore-spares-sources
  if (to !== source || intoSource) return;
  const place = placeText(connection.place);
  throw new DynalakeError("USAGE", `table "${to}" ${place} is the source of "${schema.table}"`, {
    next: "Restore into another table, or add --into-source: each item then comes back by the stream.",
  });
}

/** Throws USAGE for a table whose items are found by another key. */
export function requireSameKey({ schema }: OpenTable, to: string, target: SourceDescription): void {
  const [hash, range] = target.design.key.map(({ name }) => name);
  const key = { hash: hash ?? "", ...(range === undefined ? {} : { range }) };
  if (!sameKeySchema(key, schema.key)) {
    const named = keyAttributes(key).join(" and ");
    const own = keyAttributes(schema.key).join(" and ");
    throw new DynalakeError(
      "USAGE",
      `the key of table "${to}" is ${named}; that of "${schema.table}" is ${own}`,
      {
        next: "Choose another table with --to. One that does not exist is made with the right key.",
      },
    );
  }
}

/** Throws USAGE where nothing says how the source was made. */
function requireDesign(design: TableDesign | undefined, table: string): TableDesign {
  if (design !== undefined) return design;
  throw new DynalakeError("USAGE", `nothing says how the source of "${table}" was made`, {
    next: "Give --like FILE with the answer of `aws dynamodb describe-table`, or make the table, then restore into it.",
  });
}
