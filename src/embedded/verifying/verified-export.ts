/** An export as `verify` reads it, in place of a source table. */
import { LineCursor } from "../../core/fast-line/cursor.ts";
import { FastItem, type KeyPlace } from "../../core/fast-line/fast-item.ts";
import type { ScannedItem, VerifiedSource } from "../../core/ports/verified.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { AttributeValue, Item } from "../../core/values/attribute-value.ts";
import { type KeySchema, keyHash, keyOf } from "../../core/values/key.ts";
import { itemInHand, UnparsedItem } from "../../core/verify/scanned-item.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import { exportItems, exportLines, type ReadLine, readItemLine } from "../exports/export-items.ts";

/** Finding items by their keys means reading the export again. An aborted signal ends a reading with its reason. */
export function verifiedExport(folder: ExportFolder, schema: Schema, signal: AbortSignal): VerifiedSource {
  return {
    scan: async (take) => {
      for await (const items of exportLines(folder, scannedLines(schema.key))) {
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

/** The room that is kept from one line to the next. */
const TEXT_BYTES_KEPT_MAX = 1024 * 1024;

/** Most lines go the fast way, which parses nothing. */
export function scannedLines(schema: KeySchema): ReadLine<ScannedItem> {
  const cursor = new LineCursor();
  const fast = new FastItem(schema);
  return (region, start, end) => {
    cursor.input = region;
    if (!fast.read(cursor, start, end)) {
      const item = readItemLine(region, start, end);
      return item && itemInHand(item);
    }
    const { buffer, byteOffset, byteLength } = cursor.written();
    const text = Buffer.from(buffer, byteOffset, byteLength).toString("utf8");
    cursor.clear(TEXT_BYTES_KEPT_MAX);
    const key = fast.key.map((place) => keyValue(region, place));
    return new UnparsedItem(text, schema, key);
  };
}

function keyValue(region: Buffer, { type, from, to }: KeyPlace): AttributeValue {
  return { [type]: region.toString("utf8", from, to) } as unknown as AttributeValue;
}
