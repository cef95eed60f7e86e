/** What a column of one value cannot hold stands beside it as text, in every view of the table. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, lakeItems, rowsOf } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

/** Every text that a value has, beside the number column that none of them fits. */
const MISFITS: readonly (readonly [object, string | null])[] = [
  [{ N: "7" }, null],
  [{ NULL: true }, null],
  [{ S: "N/A" }, "N/A"],
  [{ S: '"a":{"S":"b"}' }, '"a":{"S":"b"}'],
  [{ S: "" }, ""],
  [{ N: "29.9900" }, "29.99"],
  [{ N: "1E+3" }, null],
  [{ N: "-1.5E-3" }, "-0.0015"],
  [{ BOOL: true }, "true"],
  [{ B: "AAEC" }, "AAEC"],
  [{ SS: ["b", "a"] }, '["a","b"]'],
  [{ NS: ["2", "1.5"] }, '["1.5","2"]'],
  [{ L: [{ N: "1" }, { NULL: true }] }, '["1",null]'],
  [{ M: { price: { S: "x" } } }, '{"price":"x"}'],
];

test("a misfit is its plain text, and what fits, an explicit NULL and a missing attribute have none", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const items = MISFITS.map(([price], i) => ({
      id: { N: String(i) },
      price,
      at: { S: i === 0 ? "soon" : "2024-02-29T12:30+02:00" },
    }));
    const schema = {
      table: "orders",
      key: { hash: "id" },
      evolve: "types",
      attributes: {
        id: { type: "int" },
        price: { type: "bigint" },
        größe: { type: "string", name: "größe" },
        state: { type: "string" },
        state__text: { type: "bigint" },
        at: { type: "timestamp" },
      },
    };
    const more = { größe: { N: "1" }, state: { BOOL: true }, state__text: { S: "x" } };
    await writeExport(join(folder, "export"), [...items, { id: { N: "14" }, ...more }], { table: "Orders" });
    const file = join(folder, "schema.json");
    await writeFile(file, JSON.stringify(schema));
    await done(["snapshot", "--from-export", join(folder, "export"), "--lake", lake, "--schema", file]);
    expect(await done(["schema", "drift", "--lake", lake])).toContain(
      "  at: 1 of 14 values is not in its column: strings in a column of type timestamp, since 2023-11-14 22:11:20Z; at__text has them\n",
    );
    const expected = [...MISFITS.map(([, text]) => text), null].map((text, i) =>
      JSON.stringify({ id: i, t: text }),
    );
    for (const view of ["orders", "orders_snapshots"])
      expect(await rowsOf(lake, `SELECT id, price__text AS t FROM ${view} ORDER BY id`)).toEqual(expected);
    // The name of an attribute is the attribute's; another script's letters stay.
    expect(
      await rowsOf(lake, 'SELECT state__text AS s, "größe__text" AS g FROM orders WHERE id = 14'),
    ).toEqual(['{"s":null,"g":"1"}']);
    // What the column shows is not text as well, though the column alone does not give it back.
    expect(await rowsOf(lake, "SELECT at__text AS t FROM orders WHERE id < 2 ORDER BY id")).toEqual([
      '{"t":"soon"}',
      '{"t":null}',
    ]);
    const [row = ""] = await rowsOf(lake, "SELECT * FROM orders WHERE id = 14");
    expect(Object.keys(JSON.parse(row)).slice(0, 6)).toEqual([
      "id",
      "price",
      "price__text",
      "größe",
      "größe__text",
      "state",
    ]);
    expect(await lakeItems(lake)).toHaveLength(15);
  });
});

test("what comes by the stream is shown from the next compaction on, and what was once shown stays", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const order = (id: string, price: object, state: object) => ({ id: { S: id }, price, state });
    await writeExport(join(folder, "export"), [order("a", { N: "10" }, { S: "open" })], {
      table: "Orders",
    });
    await done(["snapshot", "--from-export", join(folder, "export"), "--lake", lake, "--key", "id"]);
    const status = async () => JSON.parse(await done(["status", "--lake", lake, "--json"])).tables[0];
    let sequence = 0;
    const change = async (price: object, state: object): Promise<void> => {
      sequence++;
      const dynamodb = {
        Keys: { id: { S: "a" } },
        NewImage: order("a", price, state),
        SequenceNumber: String(sequence),
        ApproximateCreationDateTime: Math.floor(Date.now() / 1000) - 600 + sequence,
      };
      const recorded = join(folder, `${sequence}.jsonl`);
      await writeFile(recorded, `${JSON.stringify({ eventName: "MODIFY", dynamodb })}\n`);
      await done(["replay", recorded, "--lake", lake]);
      await done(["compact", "--lake", lake, "--settle-seconds", "0"]);
    };
    await change({ S: "N/A" }, { S: "open" });
    expect(await rowsOf(lake, "SELECT price, price__text, state FROM orders")).toEqual([
      '{"price":null,"price__text":"N/A","state":"open"}',
    ]);
    expect(await status()).toMatchObject({
      health: "healthy",
      drift: [{ column: { text: "price__text" } }],
    });
    await change({ N: "11" }, { N: "7" });
    expect(await rowsOf(lake, "SELECT price, price__text, state, state__text FROM orders")).toEqual([
      '{"price":11,"price__text":null,"state":null,"state__text":"7"}',
    ]);
    expect(await rowsOf(lake, "SELECT price__text FROM orders_history ORDER BY _version")).toEqual([
      '{"price__text":"N/A"}',
      '{"price__text":null}',
    ]);
  });
});
