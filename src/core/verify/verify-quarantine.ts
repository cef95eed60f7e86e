/** Which keys have a record in quarantine: the reason why the lake does not have what the source has. */

import { quarantineFolder, quarantineReason } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Item } from "../values/attribute-value.ts";
import { readItem } from "../values/attribute-value.ts";
import { type KeySchema, keyHash, keyOf } from "../values/key.ts";

/** At most this many objects are read: quarantine is small, or so much is wrong that one more reason adds nothing. */
const OBJECTS_MAX = 1_000;

/** The reason of each of these keys, by their hashes, if a record in quarantine has the key. */
export async function quarantineReasons(
  store: ObjectStore,
  table: string,
  key: KeySchema,
  keyHashes: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>();
  if (keyHashes.size === 0) return reasons;
  for (const { path } of (await store.list(quarantineFolder(table))).slice(0, OBJECTS_MAX)) {
    const reason = quarantineReason(path);
    const content = await store.read(path);
    if (reason === undefined || content === undefined) continue;
    for (const line of new TextDecoder().decode(content).split("\n")) {
      const hash = keyHashOf(line, key);
      if (hash !== undefined && keyHashes.has(hash)) reasons.set(hash, reason);
    }
  }
  return reasons;
}

interface QuarantineLine {
  readonly raw?: string;
}

interface RawRecord {
  readonly dynamodb?: { readonly Keys?: unknown; readonly NewImage?: unknown };
  readonly Item?: unknown;
}

/** Undefined if the record has no key, which is why some are in quarantine. */
function keyHashOf(line: string, schema: KeySchema): string | undefined {
  if (line === "") return undefined;
  try {
    const { raw = "" } = JSON.parse(line) as QuarantineLine;
    const record = JSON.parse(raw) as RawRecord;
    const found = keyOf(schema, keyImage(record));
    return found === undefined ? undefined : keyHash(found);
  } catch {
    return undefined;
  }
}

function keyImage({ dynamodb, Item }: RawRecord): Item {
  return readItem(dynamodb?.Keys ?? dynamodb?.NewImage ?? Item);
}
