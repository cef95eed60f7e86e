/** The shards of a table's streams from which a mapping invokes its function next. */
import type { ModelShard, ModelTable } from "./model-table.ts";

interface Reading {
  readonly table: ModelTable;
  /** How many records of each shard have been given to the function. */
  readonly given: ReadonlyMap<string, number>;
}

/** Shards with records left, whose parents have been read, and without a pending batch. */
export function readyShards(
  { table, given }: Reading,
  running: readonly { readonly kind: string }[],
): readonly ModelShard[] {
  const all = table.streams.flatMap(({ shards }) => shards);
  const isRead = ({ id, parent, records }: ModelShard): boolean =>
    (given.get(id) ?? 0) >= records.length && isTurn(parent);
  const isTurn = (parent: string | undefined): boolean => {
    const shard = all.find(({ id }) => id === parent);
    return shard === undefined || isRead(shard);
  };
  const isBusy = ({ id }: ModelShard): boolean => running.some(({ kind }) => kind === `invocation of ${id}`);
  return all.filter(
    (shard) => isTurn(shard.parent) && !isBusy(shard) && (given.get(shard.id) ?? 0) < shard.records.length,
  );
}
