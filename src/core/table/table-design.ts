/** How a source table is made: its key and its indexes. Snapshots write it down, so that it can be made again once the source is gone. */
import * as z from "zod/mini";
import type { LakeFile } from "../format/lake-file.ts";
import { tableDesignPath } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

export type KeyType = "S" | "N" | "B";

export interface KeyPart {
  readonly name: string;
  readonly type: KeyType;
  readonly role: "HASH" | "RANGE";
}

export interface IndexDesign {
  readonly name: string;
  readonly key: readonly KeyPart[];
  readonly projection: "ALL" | "KEYS_ONLY" | "INCLUDE";
  /** The attributes of INCLUDE. */
  readonly attributes: readonly string[];
}

export interface TableDesign {
  /** The hash key, then the range key if there is one. */
  readonly key: readonly KeyPart[];
  readonly localIndexes: readonly IndexDesign[];
  readonly globalIndexes: readonly IndexDesign[];
}

const keyShape = z.array(
  z.object({ name: z.string(), type: z.enum(["S", "N", "B"]), role: z.enum(["HASH", "RANGE"]) }),
);
const indexShape = z.object({
  name: z.string(),
  key: keyShape,
  projection: z.enum(["ALL", "KEYS_ONLY", "INCLUDE"]),
  attributes: z.array(z.string()),
});

const designFile: LakeFile<TableDesign> = {
  name: "design of the source table",
  shape: z.object({ key: keyShape, localIndexes: z.array(indexShape), globalIndexes: z.array(indexShape) }),
  next: "Delete the file: the next snapshot of the table writes it again.",
};

export function rememberTableDesign(store: ObjectStore, table: string, design: TableDesign): Promise<void> {
  return replaceLakeFile(store, tableDesignPath(table), design);
}

/** The design as of the last snapshot of the source table itself; undefined if all were taken of exports. */
export function recallTableDesign(store: ObjectStore, table: string): Promise<TableDesign | undefined> {
  return readLakeFile(store, designFile, tableDesignPath(table));
}
