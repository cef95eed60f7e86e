/** Where a lake table's source is reached, remembered so that `run` need not be told again. Never credentials. */
import { z } from "zod";
import { sourcePath } from "../core/lake-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";

export interface SourceAddress {
  readonly endpoint?: string;
  readonly region?: string;
}

const addressFile = z.object({ endpoint: z.string().optional(), region: z.string().optional() });

export async function rememberSource(
  store: ObjectStore,
  table: string,
  address: SourceAddress,
): Promise<void> {
  const { endpoint, region } = address;
  const text = `${JSON.stringify({ endpoint, region })}\n`;
  await store.replace(sourcePath(table), new TextEncoder().encode(text));
}

/** The remembered address; nothing where there is none. */
export async function recallSource(store: ObjectStore, table: string): Promise<SourceAddress> {
  const content = await store.read(sourcePath(table));
  if (content === undefined) return {};
  const result = addressFile.safeParse(JSON.parse(new TextDecoder().decode(content)));
  if (!result.success) return {};
  const { endpoint, region } = result.data;
  return { ...(endpoint === undefined ? {} : { endpoint }), ...(region === undefined ? {} : { region }) };
}
