/** Changes whose new image goes into the change log by its bytes: all of their records is read but the images. */
import type { AttributeValue } from "../values/attribute-value.ts";
import { keyAttributes, keyOf } from "../values/key.ts";
import { WrittenImage } from "../values/written-image.ts";
import { type ChangedTable, type ChangeMarks, readHead } from "./change.ts";

/** Where `readChange` would find the key in the image, it gives this change with the image's item, if that can be read. */
export interface UnparsedChange {
  readonly marks: ChangeMarks;
  readonly key: readonly AttributeValue[];
  readonly image: WrittenImage;
}

/** Undefined where only `readChange` tells what the record is. Throws Rejection, for the same reasons. */
export function readUnparsedChange(
  record: unknown,
  table: ChangedTable,
  arrivedAtSeconds: number,
): UnparsedChange | undefined {
  const image = newImageOf(record);
  // What a `where` says of an item may need its old image, which has to be read then.
  if (image === undefined || table.where.length > 0) return undefined;
  const marks = readHead(record, arrivedAtSeconds);
  const { body, keys, operation } = marks;
  const hasNewImages = body.StreamViewType === "NEW_IMAGE" || body.StreamViewType === "NEW_AND_OLD_IMAGES";
  if (!hasNewImages || operation === "REMOVE" || keys === undefined) return undefined;
  if (Object.keys(keys).length !== keyAttributes(table.key).length) return undefined;
  const key = keyOf(table.key, keys);
  return key && { marks, key, image };
}

function newImageOf(record: unknown): WrittenImage | undefined {
  const image = (record as { readonly dynamodb?: { readonly NewImage?: unknown } } | null)?.dynamodb
    ?.NewImage;
  return image instanceof WrittenImage ? image : undefined;
}
