/** A part of what is held is not delivered by itself where the table would show what is not so any more. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { dynalake, rowsOf } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";

const SCHEMA = {
  table: "orders",
  source: "Shop",
  key: { hash: "id" },
  where: { kind: { equals: "order" } },
  attributes: { id: { type: "string" }, kind: { type: "string" } },
};

const record = (eventName: string, sequence: number, images: object, id = "a") => ({
  eventName,
  dynamodb: {
    ApproximateCreationDateTime: 1_795_000_000 + sequence,
    Keys: { id: { S: id } },
    SequenceNumber: String(sequence),
    StreamViewType: "NEW_AND_OLD_IMAGES",
    ...images,
  },
});
const image = (kind: string, more: object = {}, id = "a") => ({ id: { S: id }, kind: { S: kind }, ...more });

/** An item became an order, left the table and was removed: the change by which it left cannot be read. */
const CAME = record("INSERT", 1, { NewImage: image("order") });
const LEFT = record("MODIFY", 2, {
  NewImage: image("draft", { n: { N: "many" } }),
  OldImage: image("order"),
});
const WENT = record("REMOVE", 3, { OldImage: image("draft") });

interface Lake {
  readonly replay: (name: string, records: readonly object[], ...options: string[]) => Promise<Replayed>;
  readonly again: (...options: string[]) => Promise<Replayed>;
  readonly ids: () => Promise<readonly string[]>;
  readonly held: (reason: string) => Promise<readonly string[]>;
}

interface Replayed {
  readonly rows: number;
  readonly quarantined: number;
  readonly olderThanHeld: number;
  readonly stderr: string;
}

async function withLake(use: (lake: Lake) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const schema = join(folder, "orders.json");
    await mkdir(lake);
    await writeFile(schema, JSON.stringify(SCHEMA));
    const told = async (args: readonly string[]): Promise<Replayed> => {
      const { stdout, stderr } = await dynalake([...args, "--lake", lake, "--json"]);
      return { ...JSON.parse(stdout), stderr };
    };
    const quarantine = join(lake, "orders/quarantine");
    await use({
      replay: async (name, records, ...options) => {
        const file = join(folder, name);
        await writeFile(file, records.map((each) => `${JSON.stringify(each)}\n`).join(""));
        return told(["replay", file, "--schema", schema, ...options]);
      },
      again: (...options) => told(["quarantine", "replay", ...options]),
      ids: () => rowsOf(lake, "SELECT id FROM orders"),
      held: async (reason) => {
        const files = await readdir(join(quarantine, reason)).catch((): string[] => []);
        return files.map((file) => join(quarantine, reason, file));
      },
    });
  });
}

test("an item that left the table and is gone does not come back by the change with which it came", async () => {
  await withLake(async ({ replay, again, ids, held }) => {
    await replay("left.jsonl", [LEFT, record("INSERT", 9, { NewImage: image("order", {}, "b") }, "b")]);
    // It is no change of the table, and leaves nothing that would keep the item away.
    expect(await replay("went.jsonl", [WENT])).toMatchObject({ rows: 0, quarantined: 0 });
    expect(await replay("came.jsonl", [CAME])).toMatchObject({ rows: 0, quarantined: 1 });
    expect(await held("newer-is-held")).toHaveLength(1);
    // The other one stays in quarantine, and so holds up this one.
    expect(await again()).toMatchObject({ rows: 0, quarantined: 2 });
    expect(await ids()).toEqual(['{"id":"b"}']);
    const [file = ""] = await held("unreadable-value");
    await writeFile(file, (await readFile(file, "utf8")).replace("many", "7"));
    expect(await again()).toMatchObject({ rows: 2, quarantined: 0 });
    expect(await ids()).toEqual(['{"id":"b"}']);
  });
});

test("a part is delivered if that is asked for, and what it leaves is said", async () => {
  await withLake(async ({ replay, again, ids }) => {
    await replay("left.jsonl", [LEFT]);
    const { stderr, ...told } = await replay("came.jsonl", [CAME], "--partial");
    expect(told).toMatchObject({ rows: 1, quarantined: 0, olderThanHeld: 1 });
    expect(stderr).toContain(
      "1 change is for an item that still has a newer change in quarantine. Until you replay that one",
    );
    expect(await ids()).toEqual(['{"id":"a"}']);
    expect(await again("--partial")).toMatchObject({ rows: 0, quarantined: 1 });
  });
});

test("changes of other items, and newer ones, are delivered", async () => {
  await withLake(async ({ replay }) => {
    await replay("left.jsonl", [LEFT]);
    const newer = record("INSERT", 4, { NewImage: image("order") });
    const other = record("INSERT", 1, { NewImage: image("order", {}, "c") }, "c");
    expect(await replay("others.jsonl", [newer, other])).toMatchObject({ rows: 2, quarantined: 0 });
  });
});
