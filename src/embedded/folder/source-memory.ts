/** Where a lake table's source is reached, remembered for later commands. Never credentials. */
import { z } from "zod";
import { type Defined, defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import { sourcePath } from "../../core/format/lake-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { holdsData } from "../../core/table/holds-data.ts";

export interface SourceAddress {
  readonly endpoint?: string;
  readonly region?: string;
}

const addressFile = z.object({ endpoint: z.string().optional(), region: z.string().optional() });

async function rememberSource(store: ObjectStore, table: string, address: SourceAddress): Promise<void> {
  const { endpoint, region } = address;
  const text = `${JSON.stringify({ endpoint, region })}\n`;
  await store.replace(sourcePath(table), new TextEncoder().encode(text));
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
  const path = sourcePath(table);
  const content = await store.read(path);
  if (content === undefined) return {};
  try {
    const { endpoint, region } = addressFile.parse(JSON.parse(new TextDecoder().decode(content)));
    return defined({ endpoint, region });
  } catch (cause) {
    throw new DynalakeError("LAKE_DAMAGED", `${path} does not say where the source is`, {
      cause,
      next: "Delete the file, then run the command with --endpoint and --region to write it again.",
    });
  }
}
