/** Which lake a command works on: one in a folder of this machine, or a deployed one. */
import { DynalakeError } from "../../core/error.ts";

export type LakeTarget = FolderTarget | StackTarget;

export interface FolderTarget {
  readonly kind: "folder";
  readonly folder: string;
}

/** The stack that has the lake table in it. */
export interface StackTarget {
  readonly kind: "stack";
  readonly stack: string;
  /** Default: what the environment or the profile says. */
  readonly region: string | undefined;
  /** The Athena work group of statements. Default: the lake's. */
  readonly workGroup?: string | undefined;
}

export interface LakeOptions {
  readonly lake: string;
  readonly stack?: string;
  readonly region?: string;
  readonly workGroup?: string;
}

/** Throws USAGE if --region or --work-group is given without a stack. */
export function lakeTarget({ lake, stack, region, workGroup }: LakeOptions): LakeTarget {
  if (stack !== undefined) return { kind: "stack", stack, region, workGroup };
  // breakage: work-groups-belong-to-stacks
  if (workGroup !== undefined)
    throw new DynalakeError("USAGE", "--work-group is for statements on a stack, and there is no --stack", {
      next: "Give --stack NAME too, or leave --work-group out: a lake in a folder has none.",
    });
  if (region === undefined) return { kind: "folder", folder: lake };
  throw new DynalakeError("USAGE", "--region is the region of a stack, and there is no --stack", {
    next: "Give --stack NAME too, or leave --region out: a lake in a folder has none.",
  });
}

/** The only one of some tables. Throws USAGE if there are several. */
export function onlyTable<Table>(tables: readonly Table[], nameOf: (table: Table) => string): Table {
  const [table, ...others] = tables;
  if (table !== undefined && others.length === 0) return table;
  const names = tables.map(nameOf).join(", ");
  throw new DynalakeError("USAGE", `the lake has several tables: ${names}`, {
    next: "Choose one with --table.",
  });
}
