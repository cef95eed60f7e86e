/** An instance of the stream function, as handlers/stream.ts makes it: it keeps the source's tables in mind for a while. */
import type { FirehoseClient } from "@aws-sdk/client-firehose";
import { refreshed } from "../../../src/aws/refreshed.ts";
import { deployedTablesOf } from "../../../src/aws/registry.ts";
import { type OpenServedTable, servedTable } from "../../../src/aws/served-table.ts";
import type { DeliveryContext } from "../../../src/core/delivery/deliver.ts";
import { type ChangeSink, UndeliveredRows } from "../../../src/core/ports/change-sink.ts";
import type { ObjectStore } from "../../../src/core/ports/object-store.ts";
import { TABLES_REFRESH_SECONDS } from "../../../src/core/table/served-intervals.ts";
import { type Actor, gatedStore, InjectedFailure } from "../actors.ts";
import type { LakeStore } from "../lake-store.ts";
import { type LakeTable, MASK_KEY, SOURCE } from "./lake-table.ts";

/** What an instance, or a command, reaches. */
export interface Surroundings {
  readonly store: LakeStore;
  readonly tables: readonly LakeTable[];
  readonly nowSeconds: () => number;
}

export class Instance {
  /** The invocation that it works on; one at a time. */
  actor: Actor | undefined;
  readonly store: ObjectStore;
  readonly served: () => Promise<readonly OpenServedTable[]>;

  constructor(around: Surroundings) {
    const { nowSeconds } = around;
    const actor = (): Actor => this.actor as Actor;
    this.store = storeOf(around, actor);
    const serving = {
      store: this.store,
      engine: { catalog: { database: "lake", table: (name: string) => catalogTable(around, name) } },
      firehose: firehoseOf(around, actor),
      acknowledged: { count: () => undefined },
      maskKey: async () => MASK_KEY,
      nowSeconds,
      onGap: () => undefined,
    };
    this.served = refreshed(TABLES_REFRESH_SECONDS, nowSeconds, async () =>
      (await deployedTablesOf(this.store, SOURCE)).map((table) => inHalves(servedTable(serving, table))),
    );
  }
}

/** The store of whoever acts. Where a table's place to wait is out of order, nothing is kept there. */
function storeOf({ store, tables }: Surroundings, actor: () => Actor): ObjectStore {
  const gated = (): ObjectStore => gatedStore(store, actor());
  const hasNoPlace = (path: string): boolean =>
    tables.some(({ faults, name }) => faults.has("no place to wait") && path.startsWith(`${name}/waiting/`));
  return {
    read: (path) => gated().read(path),
    list: (prefix) => gated().list(prefix),
    names: (prefix, after) => gated().names(prefix, after),
    folders: (prefix) => gated().folders(prefix),
    create: async (path, content) => {
      if (hasNoPlace(path)) throw new InjectedFailure(`there is no place for ${path}`);
      return gated().create(path, content);
    },
    replace: (path, content) => gated().replace(path, content),
    remove: (paths) => gated().remove(paths),
  };
}

async function catalogTable({ tables }: Surroundings, name: string): Promise<never> {
  const table = tables.find((one) => name === `${one.name}__changes`);
  return { StorageDescriptor: { Columns: table?.catalogColumns() ?? [] } } as never;
}

/** Firehose, which refuses everything where a table's delivery is out of order. A call that fails may have been taken in part. */
export function firehoseOf({ nowSeconds, tables }: Surroundings, actor: () => Actor): FirehoseClient {
  const send = async (command: {
    readonly input: {
      readonly DeliveryStreamName: string;
      readonly Records: readonly { readonly Data: Uint8Array }[];
    };
  }) => {
    const { DeliveryStreamName, Records } = command.input;
    const table = tables.find(({ deliveryStream }) => deliveryStream === DeliveryStreamName);
    if (table === undefined || table.faults.has("no delivery")) throw refusal();
    const lines = Records.flatMap(({ Data }) => new TextDecoder().decode(Data).split("\n")).filter(
      (line) => line !== "",
    );
    const take = async (some: readonly string[]): Promise<void> => table.take(some, nowSeconds());
    try {
      await actor().call(
        `buffer ${lines.length} of ${table.name}`,
        () => take(lines),
        () => take(lines.slice(0, Math.ceil(lines.length / 2))),
      );
    } catch {
      throw refusal();
    }
    return { FailedPutCount: 0, RequestResponses: [] };
  };
  return { send } as unknown as FirehoseClient;
}

/** A failure that the sink does not wait for, which would take real time. */
function refusal(): Error {
  return Object.assign(new Error("no"), { name: "ResourceNotFoundException", $fault: "client" });
}

/** Rows of the model are small: with real ones a delivery takes several calls, of which the first may succeed alone. */
function inHalves(served: OpenServedTable): OpenServedTable {
  const halved = (context: DeliveryContext): DeliveryContext => ({
    ...context,
    sink: halvedSink(context.sink),
  });
  return {
    table: served.table,
    context: async () => halved(await served.context()),
    open: async (batch) => halved(await served.open(batch)),
  };
}

function halvedSink(sink: ChangeSink): ChangeSink {
  return {
    deliver: async (rows, arrivedAtSeconds) => {
      const half = Math.floor(rows.length / 2);
      if (half > 0) await sink.deliver(rows.slice(0, half), arrivedAtSeconds);
      try {
        await sink.deliver(rows.slice(half), arrivedAtSeconds);
      } catch (error) {
        if (!(error instanceof UndeliveredRows)) throw error;
        throw new UndeliveredRows(half + error.firstIndex, error.message, error);
      }
    },
  };
}
