/**
 * A view in the Glue Data Catalog, in Athena's format: the statement and the columns as base64 JSON. Updates are
 * compare-and-swap, so that a slow publisher never brings back an older manifest.
 */
import type { Table, TableInput } from "@aws-sdk/client-glue";
import { DynalakeError } from "../core/error.ts";
import { systemTiming, type Timing } from "../sdk/timing.ts";
import { changeTable, type TablesCatalog } from "./change-table.ts";
import type { GlueCatalog } from "./glue-catalog.ts";

/** What of the catalog is used. */
export type ViewsCatalog = TablesCatalog & Pick<GlueCatalog, "database">;

export interface GlueView {
  readonly name: string;
  readonly sql: string;
  readonly columns: readonly ViewColumn[];
  /** The lake table it shows. */
  readonly table: string;
  /** The number of the manifest it shows. */
  readonly sequence: number;
}

export interface ViewColumn {
  readonly name: string;
  /** Trino's name of the type; must exactly match the statement's column. */
  readonly typeName: string;
  /** Hive's name of the type; must also match. */
  readonly hiveType: string;
}

/**
 * "published": this view is in place now. "newer-stands": the view of a newer manifest is in place. "name-taken": a lake table
 * has that name.
 */
export type Publication = "published" | "newer-stands" | "name-taken";

const SEQUENCE = "dynalake.manifest";
const OWNER = "dynalake.table";
/** AWS: Glue API reference, Table. */
const VIEW_CHARACTERS_MAX = 409_600;

export async function publishView(
  catalog: ViewsCatalog,
  view: GlueView,
  timing: Timing = systemTiming,
): Promise<Publication> {
  const input = viewInput(catalog.database, view);
  let publication: Publication = "published";
  const change = (standing: Table | undefined): TableInput | undefined => {
    publication = publicationOf(view, standing);
    return publication === "published" && !isSame(standing, input) ? input : undefined;
  };
  await changeTable(catalog, view.name, change, { timing });
  return publication;
}

/** Publishes a view anew that stands; where there is none, none is made. */
export async function refreshView(
  catalog: ViewsCatalog,
  view: GlueView,
  timing: Timing = systemTiming,
): Promise<void> {
  const input = viewInput(catalog.database, view);
  const change = (standing: Table | undefined): TableInput | undefined => {
    if (standing === undefined || publicationOf(view, standing) !== "published") return undefined;
    return isSame(standing, input) ? undefined : input;
  };
  await changeTable(catalog, view.name, change, { timing });
}

/** Glue keeps a version of each update, also of one that changes nothing. */
function isSame(standing: Table | undefined, input: TableInput): boolean {
  return (
    standing?.ViewOriginalText === input.ViewOriginalText && // breakage: changed-views-are-updated
    [SEQUENCE, OWNER].every((name) => standing?.Parameters?.[name] === input.Parameters?.[name])
  );
}

function publicationOf(view: GlueView, standing: Table | undefined): Publication {
  if (standing === undefined) return "published";
  const { [SEQUENCE]: sequence, [OWNER]: owner } = standing.Parameters ?? {};
  // breakage: foreign-tables-stay
  if (sequence === undefined) {
    throw new DynalakeError(
      "ENGINE_FAILED",
      `Glue already has a table "${view.name}" that dynalake did not create`,
      {
        next: "Rename or drop it, or give the lake table another name.",
      },
    );
  }
  // A lake table named "x_history" takes precedence over the history of "x".
  if (owner !== view.table) return view.name === view.table ? "published" : "name-taken";
  return Number(sequence) > view.sequence ? "newer-stands" : "published"; // breakage: newer-view-stays
}

/** Glue's input for a view, in the form that Athena itself writes (AWS: Athena user guide, "Work with views"). */
export function viewInput(database: string, view: GlueView): TableInput {
  const text = viewText(database, view);
  if (!fits(text)) {
    throw new DynalakeError(
      "SQL_FAILED",
      `view "${view.name}" is too long for Glue: ${text.length.toLocaleString("en-US")} characters, at most ${VIEW_CHARACTERS_MAX.toLocaleString("en-US")} are allowed`,
      {
        next: "Compact the whole table, so that the view names fewer segments. Otherwise keep fewer snapshots, or choose a coarser partitionBy.",
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

/** Whether Glue takes the view. */
export function fitsGlue(database: string, view: Pick<GlueView, "sql" | "columns">): boolean {
  return fits(viewText(database, view));
}

function fits(text: string): boolean {
  return text.length <= VIEW_CHARACTERS_MAX;
}

function viewText(database: string, { columns, sql }: Pick<GlueView, "sql" | "columns">): string {
  const json = {
    originalSql: sql,
    catalog: "awsdatacatalog",
    schema: database,
    columns: columns.map(({ name, typeName }) => ({ name, type: typeName })),
  };
  return `/* Presto View: ${Buffer.from(JSON.stringify(json)).toString("base64")} */`;
}
