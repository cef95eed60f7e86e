/** A table's items, in the forms in which they can be read. */
import { linesOfItems } from "../core/overlay/items.ts";
import type { StoredItem } from "../core/row/stored-item.ts";
import type { Items } from "./lake.ts";
import type { RowStream } from "./row-stream.ts";

export function folderItems(stream: RowStream<undefined, StoredItem>): Items {
  return {
    lines: () => stream.batches(linesOfItems),
    close: () => stream.close(),
    [Symbol.asyncIterator]: () => stream.rows((stored) => stored.item()),
    [Symbol.asyncDispose]: () => stream.close(),
  };
}
