/** Where a lake table's source is reached, remembered for later commands. Never credentials. */
import * as z from "zod/mini";
import { type Defined, defined } from "../../core/defined.ts";
import { type LakeFile, lakeFileBytes } from "../../core/format/lake-file.ts";
import { sourcePath } from "../../core/format/lake-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { holdsData } from "../../core/table/holds-data.ts";
import { readLakeFile } from "../../core/table/stored-file.ts";

export interface SourceAddress {
  readonly endpoint?: string;
  readonly region?: string;
}

const shape = z.object({ endpoint: z.optional(z.string()), region: z.optional(z.string()) });

const addressFile: LakeFile<z.infer<typeof shape>> = {
  name: "source address",
  shape,
  next: "Delete the file, then run the command with --endpoint and --region: it is written again.",
};

async function rememberSource(store: ObjectStore, table: string, address: SourceAddress): Promise<void> {
  const { endpoint, region } = address;
  await store.replace(sourcePath(table), lakeFileBytes({ endpoint, region }));
}

/**
 * Runs what commits the first data of a table, with the address written down before it: data without an address would be
 * followed at AWS. A failure forgets the address again. An address that was known before is replaced after the commit.
 */
export async function withSource<T>(
  store: ObjectStore,
  table: string,
  address: SourceAddress,
  commit: () => Promise<T>,
): Promise<T> {
  const isNew = (await store.read(sourcePath(table))) === undefined;
  if (isNew) await rememberSource(store, table, address);
  try {
    const committed = await commit();
    if (!isNew) await rememberSource(store, table, address);
    return committed;
  } catch (error) {
    // A failure to forget must not hide the failure that led here.
    if (isNew) await forget(store, table).catch(() => undefined);
    throw error;
  }
}

/** What failed may have committed before it did. */
async function forget(store: ObjectStore, table: string): Promise<void> {
  if (!(await holdsData(store, table))) await store.remove([sourcePath(table)]);
}

/**
 * The remembered address, which may be empty. Throws LAKE_DAMAGED if it cannot be read: guessing it could mix two tables.
 */
export async function recallSource(store: ObjectStore, table: string): Promise<Defined<SourceAddress>> {
  const { endpoint, region } = (await readLakeFile(store, addressFile, sourcePath(table))) ?? {};
  return defined({ endpoint, region });
}
