import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { deliver } from "../../src/core/delivery/deliver.ts";
import type { ChangeSource } from "../../src/core/ports/change-source.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { compactTable } from "../../src/embedded/compaction/compact-table.ts";
import { FILE_LIMITS, parquetSink } from "../../src/embedded/delivery/parquet-sink.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { type FollowRequest, followLake } from "../../src/embedded/following/follow-lake.ts";
import { nowSeconds } from "../../src/sdk/new-run-id.ts";
import { until } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { itemLines } from "../support/lake-rows.ts";

/** Changes delivered behind the horizon of a compaction still become visible, and soon. */

const SCHEMA = parseSchema(
  { table: "t", key: { hash: "Id" }, attributes: { Id: { type: "string" } } },
  "a test",
);

const recordOf = (id: string, sequence: number, timeSeconds: number) => ({
  eventName: "INSERT",
  dynamodb: {
    ApproximateCreationDateTime: timeSeconds,
    Keys: { Id: { S: id } },
    NewImage: { Id: { S: id } },
    SequenceNumber: String(sequence),
  },
});

/** A stream with only the records that a test adds. */
class Stream implements ChangeSource {
  readonly waiting: unknown[] = [];

  async open(): ReturnType<ChangeSource["open"]> {
    const arn = "arn:aws:dynamodb:eu-west-1:1:table/t/stream/1";
    return {
      stream: { arn },
      next: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const records = this.waiting.splice(0);
        return { records, position: { streamArn: arn, shards: {} }, gaps: [], caughtUp: true };
      },
      close: async () => undefined,
    };
  }
}

async function shown(lake: LakeFolder): Promise<readonly string[]> {
  const lines = await itemLines(lake, SCHEMA);
  return [...lines.matchAll(/"S":"(\w+)"/g)].map(([, id]) => id as string).sort();
}

function follow(
  folder: string,
  source: ChangeSource,
  how: Pick<FollowRequest, "once" | "signal"> & Partial<FollowRequest>,
): Promise<boolean> {
  return followLake({
    folder,
    tables: [{ schema: SCHEMA, source }],
    maskKey: undefined,
    compactEverySeconds: undefined,
    onEvent: () => undefined,
    ...how,
  });
}

test("what a compaction came before is seen while `run` follows, and what a run left that died by the next one", async () => {
  await withFolder(async (own) => {
    const folder = join(own, "lake");
    const lake = await openLakeFolder(folder);
    const stop = new AbortController();
    try {
      await writeSchema(lake.store, SCHEMA);
      const stream = new Stream();
      const timeSeconds = nowSeconds() - 100;
      stream.waiting.push(recordOf("a", 1, timeSeconds));
      await follow(folder, stream, { once: true, signal: stop.signal });
      await compactTable(lake, SCHEMA, { scope: "all", settleSeconds: 0, onCommit: () => undefined });
      const { horizonSeconds } = await latestManifest(lake.store, "t");
      expect(horizonSeconds).toBeGreaterThan(timeSeconds);

      const following = follow(folder, stream, { once: false, signal: stop.signal });
      stream.waiting.push(recordOf("b", 2, timeSeconds));
      await until(() => shown(lake), ["a", "b"]);
      stream.waiting.push(recordOf("c", 3, timeSeconds - 1), recordOf("young", 5, timeSeconds + 50));
      await until(() => shown(lake), ["a", "b", "c", "young"]);
      stop.abort();
      await following;

      // As if a run had died between delivery and fold.
      await deliver(
        {
          store: lake.store,
          sink: parquetSink(lake.root, SCHEMA, lake.session),
          writer: lineWriter(rowCodec(SCHEMA)),
          rowBytesMax: FILE_LIMITS.recordBytesMax,
        },
        {
          records: [recordOf("d", 4, timeSeconds)],
          source: "a stream",
          arrivedAtSeconds: nowSeconds(),
        },
      );
      expect(await shown(lake)).toEqual(["a", "b", "c", "young"]);
      await follow(folder, stream, { once: true, signal: new AbortController().signal });
      expect(await shown(lake)).toEqual(["a", "b", "c", "d", "young"]);
      // Only scheduled compactions move the horizon.
      expect((await latestManifest(lake.store, "t")).horizonSeconds).toBe(horizonSeconds);
    } finally {
      stop.abort();
      await lake.close();
    }
  });
});

test("`run` ends where its compactions cannot go on: nobody would miss them", async () => {
  await withFolder(async (own) => {
    const folder = join(own, "lake");
    const lake = await openLakeFolder(folder);
    try {
      await writeSchema(lake.store, SCHEMA);
      const stream = new Stream();
      stream.waiting.push(recordOf("a", 1, nowSeconds() - 1000));
      const following = follow(folder, stream, {
        once: false,
        signal: new AbortController().signal,
        compactEverySeconds: 0.01,
        onEvent: (_, { kind }) => {
          if (kind === "compacted") throw new TypeError("an unexpected failure");
        },
      });
      await expect(following).rejects.toThrow("an unexpected failure");
    } finally {
      await lake.close();
    }
  });
});

test("`run --once` ends on a stream that always has one more change, once it has what was there when it began", async () => {
  await withFolder(async (own) => {
    const folder = join(own, "lake");
    const lake = await openLakeFolder(folder);
    try {
      await writeSchema(lake.store, SCHEMA);
      const began = nowSeconds();
      let batches = 0;
      const endless = new Stream();
      const source: ChangeSource = {
        open: async () => {
          const reader = await endless.open();
          return {
            ...reader,
            next: async (request) => {
              endless.waiting.push(recordOf(`i${++batches}`, batches, began));
              const batch = await reader.next(request);
              // Three batches are from before `run` started.
              return { ...batch, caughtUp: false, readUntilSeconds: batches > 3 ? began + 60 : began - 1 };
            },
          };
        },
      };
      await follow(folder, source, { once: true, signal: new AbortController().signal });
      const seen = await shown(lake);
      // What was read while others were delivered comes with the last of them, and without a gap.
      expect(seen.length).toBeGreaterThanOrEqual(4);
      expect(seen).toEqual(Array.from(seen, (_, i) => `i${i + 1}`).sort());
    } finally {
      await lake.close();
    }
  });
});
