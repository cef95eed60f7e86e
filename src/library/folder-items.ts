/** A table's items, in the forms in which they can be read. */
import { linesOfItems } from "../core/overlay/items.ts";
import type { Item } from "../core/values/attribute-value.ts";
import type { Items } from "./lake.ts";
import type { RowStream } from "./row-stream.ts";

export function folderItems(stream: RowStream<undefined, Item>): Items {
  return {
    lines: () => stream.batches(linesOfItems),
    close: () => stream.close(),
    [Symbol.asyncIterator]: () => stream.rows((item) => item),
    [Symbol.asyncDispose]: () => stream.close(),
  };
}
