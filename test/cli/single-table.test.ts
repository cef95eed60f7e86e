/** A single-table design becomes a lake with a table for each kind of items: from `infer --split-by` to the answer. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { done, dynalake, expectRefused, type ItemJson, lakeItems, rowsOf } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";
import { connectTo, SourceTable } from "./source-table.ts";

const items: readonly ItemJson[] = Array.from({ length: 20 }, (_, i): readonly ItemJson[] => {
  const PK = { S: `CUSTOMER#${i}` };
  return [
    { PK, SK: { S: "PROFILE" }, Name: { S: `Customer ${i}` } },
    { PK, SK: { S: "ORDER#1" }, Total: { N: "1.5" } },
    { PK, SK: { S: "ORDER#2" }, Total: { N: "2" }, Coupon: { S: "X" } },
    ...(i === 7 ? [{ PK, SK: { B: "QQ==" }, Note: { S: "of no kind" } }] : []),
  ];
}).flat();

interface Shop {
  readonly from: readonly string[];
  readonly out: string;
  readonly lake: string;
}

function withShop(use: (shop: Shop) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const path = await writeExport(join(folder, "export"), items, { table: "Shop" });
    const from = ["--from-export", path, "--key", "PK,SK"];
    await use({ from, out: join(folder, "schemas"), lake: join(folder, "lake") });
  });
}

async function refused(args: readonly string[], name: string): Promise<void> {
  expectRefused(await dynalake(args), { code: "USAGE", names: [name] });
}

test("items in a file get the schemas that they get in an export", async () => {
  await withShop(async ({ from, lake }) => {
    const file = `${lake}.jsonl`;
    await writeFile(file, items.map((Item) => `${JSON.stringify({ Item })}\n`).join(""));
    const other = ["--from-export", file, "--key", "PK,SK", "--table", "Shop"];
    const split = ["--split-by", "SK", "--out", `${lake}-schemas`, "--dry-run", "--json"];
    const schemasOf = async (given: readonly string[]) =>
      JSON.parse(await done(["infer", ...given, ...split])).tables;
    expect(await schemasOf(other)).toEqual(await schemasOf(from));
    const whole = JSON.parse(await done(["infer", ...other, "--out", `${lake}.json`, "--json"]));
    expect(whole).toMatchObject({ items: 61 });
  });
});

test("each kind gets a schema, a snapshot fills all of them, and they are queried", async () => {
  await withShop(async ({ from, out, lake }) => {
    const split = ["infer", ...from, "--split-by", "SK", "--out", out];
    const planned = JSON.parse(await done([...split, "--dry-run", "--json"]));
    expect(planned).toMatchObject({
      outcome: "planned",
      splitBy: "SK",
      tables: [
        {
          items: 40,
          schema: { table: "shop_order", source: "Shop", where: { SK: { beginsWith: "ORDER#" } } },
        },
        { items: 20, schema: { table: "shop_profile", where: { SK: { equals: "PROFILE" } } } },
        { items: 1, file: join(out, "shop_rest.json"), schema: { table: "shop_rest" } },
      ],
      notes: [],
    });
    await expect(readdir(out)).rejects.toThrow("ENOENT");
    const { stdout } = await dynalake(split);
    expect(stdout).toContain(`Wrote 3 schema files for 61 items:\n  ${join(out, "shop_order.json")}`);
    expect(stdout).toContain('40  SK begins with "ORDER#"\n');
    expect(stdout).toContain(" 1  all others\n");
    const { code, stderr } = await dynalake(["snapshot", ...from, "--schema", out, "--lake", lake]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining("drift") });
    const sums = "SELECT count(*) AS n, sum(total) AS total, count(coupon) AS coupons FROM shop_order";
    expect(await rowsOf(lake, sums)).toEqual(['{"n":40,"total":70.000,"coupons":20}']);
    const joined =
      "SELECT name, sum(total) AS total FROM shop_profile JOIN shop_order USING (pk) WHERE name = 'Customer 3' GROUP BY name";
    expect(await rowsOf(lake, joined)).toEqual(['{"name":"Customer 3","total":3.500}']);
    expect(await rowsOf(lake, "SELECT note FROM shop_rest")).toEqual(['{"note":"of no kind"}']);
    const all = await Promise.all(
      ["shop_order", "shop_profile", "shop_rest"].map((name) => lakeItems(lake, "--table", name)),
    );
    expect(all.flat()).toHaveLength(61);
  });
});

test("files that are there stay, unless they are to be replaced, and none is written before that is known", async () => {
  await withShop(async ({ from, out }) => {
    const split = ["infer", ...from, "--split-by", "SK", "--out", out];
    await done(split);
    const rest = join(out, "shop_rest.json");
    await writeFile(rest, "mine");
    await writeFile(join(out, "shop_order.json"), "mine");
    await refused([...split, "--dry-run"], "shop_order.json exists already");
    await refused(split, "shop_order.json exists already");
    expect(await readFile(rest, "utf8")).toBe("mine");
    await done([...split, "--force"]);
    expect(JSON.parse(await readFile(rest, "utf8"))).toMatchObject({
      where: { SK: { not: [{ beginsWith: "ORDER#" }, { equals: "PROFILE" }] } },
    });
  });
});

test("a folder of schemas with two of one table, with a name, or with none is refused", async () => {
  await withShop(async ({ from, out, lake }) => {
    await done(["infer", ...from, "--split-by", "SK", "--out", out]);
    const take = ["snapshot", ...from, "--schema", out, "--lake", lake];
    await refused([...take, "--table", "orders"], "--table names one table");
    await writeFile(join(out, "again.json"), await readFile(join(out, "shop_order.json")));
    await refused(take, 'two of the schemas are for the table "shop_order"');
    await expect(readdir(lake)).rejects.toThrow("ENOENT");
  });
});

test("a table that mixes kinds is reported, with the command", async () => {
  await withShop(async ({ from, lake }) => {
    const command = "dynalake infer --split-by SK";
    expect((await dynalake(["infer", ...from])).stderr).toContain(command);
    expect((await dynalake(["snapshot", ...from, "--lake", lake])).stderr).toContain(command);
    expect(JSON.parse(await done(["infer", ...from, "--json"]))).toMatchObject({
      items: 61,
      notes: [expect.stringContaining(command)],
    });
  });
});

test("one scan fills all tables of a source, at first and later, and compares them", async () => {
  const emulator = await startEmulator({ kinds: ["dynoxide"] });
  const proxy = await countingProxy(emulator.endpoint);
  const connection = connectTo(emulator.endpoint);
  try {
    const table = await SourceTable.create(connection, "Shop");
    for (const Book of ["ORDER#1", "ORDER#2", "PROFILE"])
      await table.put({ User: { S: "ann" }, Book: { S: Book } });
    await withFolder(async (folder) => {
      const lake = join(folder, "lake");
      const source = ["--source", "Shop", "--endpoint", proxy.endpoint];
      const scans = async (...args: readonly string[]): Promise<number> => {
        const before = proxy.scans();
        await done(args);
        return proxy.scans() - before;
      };
      const once = await scans("infer", ...source, "--split-by", "Book", "--out", join(folder, "shop"));
      const first = ["snapshot", ...source, "--schema", join(folder, "shop"), "--lake", lake];
      expect(await scans(...first)).toBe(once);
      await table.put({ User: { S: "bob" }, Book: { S: "PROFILE" } });
      expect(await scans("snapshot", ...source, "--lake", lake)).toBe(once);
      const alone = await scans("verify", "--table", "shop_rest", "--lake", lake);
      expect(await scans("verify", "--lake", lake)).toBe(alone);
      const tables = JSON.parse(await done(["status", "--lake", lake, "--json"])).tables;
      expect(tables.map(({ table: name, rows }: { table: string; rows: number }) => [name, rows])).toEqual([
        ["shop_order", 2],
        ["shop_profile", 2],
        ["shop_rest", 0],
      ]);
    });
  } finally {
    connection.close();
    await proxy.close();
    await emulator.stop();
  }
});

/** Passes requests on, and counts those that scan. */
async function countingProxy(endpoint: string) {
  let count = 0;
  const server = createServer((incoming, answer) => {
    if (String(incoming.headers["x-amz-target"]).endsWith(".Scan")) count++;
    const { method, headers, url } = incoming;
    const { host: _, ...passed } = headers;
    const outgoing = request(new URL(url ?? "/", endpoint), { method, headers: passed }, (found) => {
      answer.writeHead(found.statusCode ?? 500, found.headers);
      found.pipe(answer);
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    scans: () => count,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
