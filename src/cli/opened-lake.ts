/** A lake that a command works on, opened: the same tables, whether they lie in a folder or in a deployment. */
import type { AwsLake } from "../aws/aws-lake.ts";
import type { Deployment } from "../aws/deployment.ts";
import { DynalakeError } from "../core/error.ts";
import type { StatusContext } from "../core/status/status.ts";
import type { Item } from "../core/values/attribute-value.ts";
import type { LakeFolder } from "../embedded/folder/lake-folder.ts";
import type { CommandContext } from "./command.ts";
import type { LakeTarget } from "./lake-target.ts";

export interface OpenedLake<Table extends LakeTable = LakeTable> {
  /** The folder, absolute; or the bucket: s3://name. */
  readonly place: string;
  /** The tables of that name or of that source table, or all; fails with LAKE_NOT_FOUND or USAGE where there are none. */
  tables(name: string | undefined): Promise<readonly Table[]>;
  close(): Promise<void>;
}

export type LakeTable = FolderTable | DeployedTable;

/** What is asked of a table is the same in both places: its store, its engine, its schema, and its items. */
interface AnyTable extends StatusContext {
  /** The items of now, or those of a time, in no order and many at a time. */
  items(asOfSeconds?: number): AsyncGenerator<readonly Item[]>;
}

export interface FolderTable extends AnyTable {
  readonly kind: "folder";
  readonly lake: LakeFolder;
}

export interface DeployedTable extends AnyTable {
  readonly kind: "stack";
  readonly lake: AwsLake;
  readonly deployment: Deployment;
}

/** Opens the lake. What an engine needs is loaded only where it is used. */
export async function openTarget(context: CommandContext, target: LakeTarget): Promise<OpenedLake> {
  if (target.kind === "folder")
    return (await import("./opened-folder.ts")).openFolder(context, target.folder);
  return (await import("./opened-stack.ts")).openStack(context, target);
}

/** The one table of a lake, or the one named; throws USAGE where the lake has several. */
export async function oneTable<Table extends LakeTable>(
  lake: OpenedLake<Table>,
  name: string | undefined,
  option: "--table" | "--name" = "--table",
): Promise<Table> {
  const [table, ...others] = await lake.tables(name);
  if (table !== undefined && others.length === 0) return table;
  const names = [table, ...others].map((each) => each?.schema.table).join(", ");
  throw new DynalakeError("USAGE", `the lake has several tables (${names}): choose one with ${option}`);
}
