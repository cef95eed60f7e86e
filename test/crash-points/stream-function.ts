/** The stream function of a deployment and Firehose behind it, which knows new columns of its Glue table only after some time. */
import type { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { type OpenServedTable, servedTable } from "../../src/aws/served-table.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import type { WireColumn, WireType } from "../../src/core/row/wire-line.ts";
import type { Deployment } from "./deployment.ts";
import { Faults } from "./faults.ts";

/** So late Firehose notices columns at the latest: what settles for less may be dropped. */
export const FIREHOSE_NOTICES_SECONDS = 1800;

/** Rows are in the change log at once. A value without a column that Firehose knows is dropped without a trace. */
export class Firehose {
  readonly #deployment: Deployment;
  #columns: readonly WireColumn[] = [];
  #readAtSeconds = Number.NEGATIVE_INFINITY;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    this.notice();
  }

  /** Reads the columns of its table, which it does by itself as late as it may. */
  notice(): void {
    const { catalog, nowSeconds, schema } = this.#deployment;
    const { Columns = [] } = catalog.tables.get(`${schema.table}__changes`)?.StorageDescriptor ?? {};
    this.#columns = Columns.map(({ Name = "", Type }) => ({ name: Name, type: Type as WireType }));
    this.#readAtSeconds = nowSeconds;
  }

  async put(records: readonly Uint8Array[]): Promise<void> {
    const { engine, nowSeconds, schema } = this.#deployment;
    if (nowSeconds - this.#readAtSeconds >= FIREHOSE_NOTICES_SECONDS) this.notice();
    const lines = records.flatMap((record) => new TextDecoder().decode(record).trim().split("\n"));
    const times = lines.map((line) => (JSON.parse(line) as { readonly _changed_at: number })._changed_at);
    const newestSeconds = Math.max(...times);
    const [table, columns] = [schema.table, this.#columns];
    await engine.deliverLines({ table, columns, lines, arrivedAtSeconds: nowSeconds, newestSeconds });
  }
}

/** One instance of the function: it keeps the schema that was deployed when it began, and what it has read of the table for a while. */
export class StreamFunction {
  readonly #deployment: Deployment;
  readonly #served: OpenServedTable;

  constructor(deployment: Deployment, firehose: Firehose, faults: Faults = new Faults()) {
    this.#deployment = deployment;
    const { entry, schema } = deployment;
    const send = async ({ input }: PutRecordBatchCommand): Promise<unknown> => {
      const records = (input.Records ?? []).map(({ Data }) => Data as Uint8Array);
      await faults.call(`put ${records.length} records`, () => firehose.put(records));
      return { FailedPutCount: 0, RequestResponses: records.map(() => ({ RecordId: "1" })) };
    };
    const serving = {
      ...deployment.unopened(faults),
      firehose: { send } as unknown as FirehoseClient,
      acknowledged: { count: () => undefined },
      maskKey: async () => undefined,
      onGap: () => undefined,
    };
    this.#served = servedTable(serving, { table: schema.table, schema, entry });
  }

  async deliver(records: readonly unknown[]): Promise<void> {
    const arrivedAtSeconds = this.#deployment.nowSeconds;
    await deliver(await this.#served.context(), { records, source: "a stream", arrivedAtSeconds });
  }
}
