/** An export as `verify` reads it, in place of a source table. */
import type { VerifiedSource } from "../../core/ports/verified.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import { keyHash, keyOf } from "../../core/values/key.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import { exportItems } from "../exports/export-items.ts";

/** Finding items by their keys means reading the export again. An aborted signal ends a reading with its reason. */
export function verifiedExport(folder: ExportFolder, schema: Schema, signal: AbortSignal): VerifiedSource {
  return {
    scan: async (take) => {
      for await (const items of exportItems(folder)) {
        signal.throwIfAborted();
        await take(items);
      }
    },
    items: async (keys) => {
      const wanted = new Map(keys.map((key, i) => [keyHash(key), i]));
      const found: (Item | undefined)[] = keys.map(() => undefined);
      for await (const items of keys.length === 0 ? [] : exportItems(folder)) {
        signal.throwIfAborted();
        for (const item of items) {
          const key = keyOf(schema.key, item);
          const i = key === undefined ? undefined : wanted.get(keyHash(key));
          if (i !== undefined) found[i] = item;
        }
      }
      return found;
    },
  };
}
