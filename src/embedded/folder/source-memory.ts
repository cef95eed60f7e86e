/** Where a lake table's source is reached, remembered so that `run` need not be told again. Never credentials. */
import { z } from "zod";
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
 * Runs what commits the first data of a table, with the address written down before it: data whose source nobody knows would
 * be followed at AWS. Where it fails the address is forgotten; one that was known is replaced once there is newer data.
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
    // Whatever prevents that must not hide the failure that led here.
    if (isNew) await forget(store, table).catch(() => undefined);
    throw error;
  }
}

/** What failed may have committed before. */
async function forget(store: ObjectStore, table: string): Promise<void> {
  if (!(await holdsData(store, table))) await store.remove([sourcePath(table)]);
}

/**
 * The remembered address; nothing where there is none. Throws LAKE_DAMAGED: to take another table for the source, because
 * an address cannot be read, would mix the two.
 */
export async function recallSource(store: ObjectStore, table: string): Promise<SourceAddress> {
  const path = sourcePath(table);
  const content = await store.read(path);
  if (content === undefined) return {};
  let read: z.infer<typeof addressFile>;
  try {
    read = addressFile.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch (cause) {
    throw new DynalakeError("LAKE_DAMAGED", `${path} does not tell where the source is`, {
      cause,
      next: "Delete the file, then run the command with --endpoint and --region: it is written anew.",
    });
  }
  const { endpoint, region } = read;
  return { ...(endpoint === undefined ? {} : { endpoint }), ...(region === undefined ? {} : { region }) };
}
