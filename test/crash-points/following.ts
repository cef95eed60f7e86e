/** What holds of a deployed table whose columns follow its data, at any time. */
import assert from "node:assert/strict";
import { columnsAfter } from "../../src/aws/deployed-change.ts";
import { openDeployedTable } from "../../src/aws/lake-schema.ts";
import { waitingChange } from "../../src/aws/steps/follow-deployed-data.ts";
import { changeWireColumns } from "../../src/core/row/wire-line.ts";
import { withEarlierColumns } from "../../src/core/schema/earlier-columns.ts";
import type { Deployment } from "./deployment.ts";
import { FIREHOSE_NOTICES_SECONDS } from "./stream-function.ts";
import { TABLE } from "./world.ts";

const CHANGES = `${TABLE}__changes`;

/** Rows are sent with columns alone that Firehose surely knows. */
export async function expectSettled({ catalog, nowSeconds, schema, store }: Deployment): Promise<void> {
  const written = await openDeployedTable(store, schema);
  const early = changeWireColumns(written.schema).filter(({ name }) => {
    const sinceSeconds = catalog.since.get(`${CHANGES}.${name}`) ?? Number.POSITIVE_INFINITY;
    return sinceSeconds + FIREHOSE_NOTICES_SECONDS > nowSeconds;
  });
  assert.deepEqual(early, []);
}

/** Whatever Glue has beyond the table's own columns is of the one change that waits. */
export async function expectOnePending({ catalog, schema, store }: Deployment): Promise<void> {
  const opened = await openDeployedTable(store, schema);
  const waiting = columnsAfter(opened.schema, await waitingChange({ store, opened }));
  const known = new Set([withEarlierColumns(opened.schema), waiting].flatMap(changeWireColumns).map(nameOf));
  const { Columns = [] } = catalog.tables.get(CHANGES)?.StorageDescriptor ?? {};
  assert.deepEqual(
    Columns.map(({ Name = "" }) => Name).filter((name) => !known.has(name)),
    [],
  );
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
