/**
 * A view in the Glue Data Catalog, as Athena keeps its own: the statement and the columns as base64 JSON. Its update is a
 * compare-and-swap, so that a publisher that was slow never brings an older manifest back.
 */
import type { TableInput } from "@aws-sdk/client-glue";
import { DynalakeError } from "../core/error.ts";
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../sdk/timing.ts";
import type { GlueCatalog } from "./glue-catalog.ts";

export interface GlueView {
  readonly name: string;
  readonly sql: string;
  readonly columns: readonly ViewColumn[];
  /** The lake table that it shows. */
  readonly table: string;
  /** The number of the manifest that it shows. */
  readonly sequence: number;
}

export interface ViewColumn {
  readonly name: string;
  /** Both must be those of the statement's column, exactly: as Trino writes the type, */
  readonly typeName: string;
  /** and as Hive does. */
  readonly hiveType: string;
}

/**
 * "published": it stands there now. "newer-stands": one of a newer manifest does. "name-taken": another lake table of this
 * very name has it.
 */
export type Publication = "published" | "newer-stands" | "name-taken";

const SEQUENCE = "dynalake.manifest";
const OWNER = "dynalake.table";
/** AWS: Glue API reference, Table. */
const VIEW_CHARACTERS_MAX = 409_600;
const TRIES_MAX = 12;

export async function publishView(
  catalog: GlueCatalog,
  view: GlueView,
  timing: Timing = systemTiming,
): Promise<Publication> {
  const input = viewInput(catalog.database, view);
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const standing = await catalog.table(view.name);
    if (standing === undefined) {
      if ((await catalog.createTable(input)) === "created") return "published";
    } else {
      const refusal = refusalOf(view, standing.Parameters ?? {});
      if (refusal !== undefined) return refusal;
      if ((await catalog.updateTable(input, standing.VersionId ?? "")) === "updated") return "published";
    }
    await timing.sleep(backoffMs(serviceBackoff, tries, timing), new AbortController().signal);
  }
  throw new DynalakeError("CONFLICT", `the view "${view.name}" is changed by others all the time`);
}

function refusalOf(
  view: GlueView,
  parameters: Readonly<Record<string, string>>,
): Exclude<Publication, "published"> | undefined {
  const sequence = parameters[SEQUENCE];
  if (sequence === undefined) {
    throw new DynalakeError(
      "ENGINE_FAILED",
      `"${view.name}" is in Glue already, and is no view of dynalake`,
      {
        next: "Rename or drop it, or give the lake table another name.",
      },
    );
  }
  // A table called "x_history" goes before the history of "x".
  if (parameters[OWNER] !== view.table) return view.name === view.table ? undefined : "name-taken";
  return Number(sequence) > view.sequence ? "newer-stands" : undefined;
}

/** Glue's input for a view (AWS: Athena user guide, "Work with views"; the form is the one that Athena writes itself). */
export function viewInput(database: string, view: GlueView): TableInput {
  const json = {
    originalSql: view.sql,
    catalog: "awsdatacatalog",
    schema: database,
    columns: view.columns.map(({ name, typeName }) => ({ name, type: typeName })),
  };
  const text = `/* Presto View: ${Buffer.from(JSON.stringify(json)).toString("base64")} */`;
  if (text.length > VIEW_CHARACTERS_MAX) {
    throw new DynalakeError(
      "SQL_FAILED",
      `the view "${view.name}" would have ${text.length} characters; Glue takes ${VIEW_CHARACTERS_MAX}`,
      {
        next: "Compact the whole table, so that the view names fewer segments; or keep fewer snapshots, or choose a coarser partitionBy.",
      },
    );
  }
  return {
    Name: view.name,
    TableType: "VIRTUAL_VIEW",
    Parameters: {
      presto_view: "true",
      comment: "Presto View",
      [OWNER]: view.table,
      [SEQUENCE]: String(view.sequence),
    },
    StorageDescriptor: {
      Columns: view.columns.map(({ name, hiveType }) => ({ Name: name, Type: hiveType })),
      SerdeInfo: {},
    },
    PartitionKeys: [],
    ViewOriginalText: text,
    ViewExpandedText: "/* Presto View */",
  };
}
