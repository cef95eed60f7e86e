/** An unusable schema file is rejected before anything is read or written, and the message names the place in the file. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { DynalakeError } from "../../src/core/error.ts";
import { readSchemaFile } from "../../src/embedded/schemas/given-schema.ts";
import { done, dynalake, expectRefused, fingerprint, type Refusal } from "../support/cli.ts";
import { writeExport } from "./export-fixture.ts";

let folder: string;
let whole: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  whole = await writeExport(join(folder, "export"), [{ Id: { S: "a" }, Rating: { N: "1" } }]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const schemaText = (attributes: Record<string, unknown>, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    table: "t",
    key: { hash: "Id" },
    attributes: { Id: { type: "string" }, ...attributes },
    ...more,
  });

const BAD: Readonly<Record<string, Refusal & { readonly text: string }>> = {
  "a comma too many": {
    text: '{\n  "table": "t",\n  "key": { "hash": "Id" },\n  "attributes": {},\n}',
    code: "SCHEMA_INVALID",
    names: ["bad.json", "line 5, column 1"],
  },
  "a file that is cut off": {
    text: '{\n  "table": "t",\n  "key": { "hash": "Id',
    code: "SCHEMA_INVALID",
    names: ["bad.json", "line 3, column 20"],
  },
  "a file without anything": { text: "", code: "SCHEMA_INVALID", names: ["bad.json", "line 1, column 1"] },
  "a member that is named twice": {
    text: '{ "table": "t", "key": { "hash": "Id" },\n "attributes": { "A": {"type": "int"},\n  "A": {"type": "date"} } }',
    code: "SCHEMA_INVALID",
    names: ["bad.json", "line 3, column 3", "twice"],
  },
  "a member that there is not": {
    text: schemaText({}, { atributes: {} }),
    code: "SCHEMA_INVALID",
    names: ["bad.json", '"atributes"'],
  },
  "a member that is missing": {
    text: '{ "table": "t", "attributes": {} }',
    code: "SCHEMA_INVALID",
    names: ["bad.json", /\bkey:/],
  },
  "a type that there is not": {
    text: schemaText({ Rating: { type: "number" } }),
    code: "SCHEMA_INVALID",
    names: ["bad.json", /attributes\.Rating\.type: .*number/],
  },
  "a type with parameters that cannot be": {
    text: schemaText({ Price: { type: "array<decimal(39,2)>" } }),
    code: "SCHEMA_INVALID",
    names: ["bad.json", /attributes\.Price\.type: .*39/],
  },
  "a key that is masked": {
    text: schemaText({ Id: { mask: "drop" } }),
    code: "SCHEMA_INVALID",
    names: ["bad.json", "attributes.Id.mask"],
  },
  "a partitioning by a column that there is not": {
    text: schemaText({}, { partitionBy: "day(created)" }),
    code: "SCHEMA_INVALID",
    names: ["bad.json", /partitionBy: .*created/],
  },
  "two attributes that collide": {
    text: schemaText({ Rating: { type: "int" }, rating: { type: "int" } }),
    code: "SCHEMA_COLLISION",
    names: ["bad.json", '"Rating"', '"rating"'],
    next: "name",
  },
  "two fields that collide": {
    text: schemaText({ Details: { type: "struct<Year:int,year:int>" } }),
    code: "SCHEMA_INVALID",
    names: ["bad.json", /attributes\.Details\.type: .*"Year".*"year"/],
  },
};

test.each(Object.keys(BAD))("%s", async (name) => {
  const { text, code, names } = BAD[name] as (typeof BAD)[string];
  const file = join(folder, "bad.json");
  await writeFile(file, text);
  const error = await readSchemaFile({ name: file, path: file }).catch((thrown: DynalakeError) => thrown);
  expect(error).toMatchObject({ code });
  for (const part of names) expect((error as DynalakeError).message).toMatch(part);
});

test.each(["a comma too many", "a type that there is not", "two attributes that collide"])(
  "%s is told by the command line, which makes no lake",
  async (name) => {
    const { text, ...refusal } = BAD[name] as (typeof BAD)[string];
    const file = join(folder, "bad.json");
    await writeFile(file, text);
    const lake = join(folder, "lake");
    const ended = await dynalake(["snapshot", "--from-export", whole, "--schema", file, "--lake", lake]);
    expectRefused(ended, refusal);
    expect(await fingerprint(lake)).toEqual({});
  },
);

test("a file that is not there, or is no text", async () => {
  const bytes = join(folder, "bytes.json");
  await writeFile(bytes, new Uint8Array([0x7b, 0xff, 0x7d]));
  const take = (file: string) => [
    "snapshot",
    "--from-export",
    whole,
    "--lake",
    join(folder, "lake"),
    "--schema",
    file,
  ];
  const absent = dynalake(take(join(folder, "absent.json")));
  const noText = dynalake(take(bytes));
  expectRefused(await absent, { code: "INPUT_INVALID", names: ["absent.json", "ENOENT"] });
  expectRefused(await noText, { code: "INPUT_INVALID", names: ["bytes.json", "UTF-8"] });
});

test("a file that begins with a byte order mark is read, and another schema for a table with changes is refused", async () => {
  const lake = join(folder, "marked");
  const file = join(folder, "marked.json");
  await writeFile(file, `\ufeff${schemaText({ Rating: { type: "int" } })}`);
  const take = ["snapshot", "--from-export", whole, "--lake", lake];
  await done([...take, "--schema", file]);
  const record = {
    eventName: "INSERT",
    dynamodb: { Keys: { Id: { S: "b" } }, NewImage: { Id: { S: "b" } }, SequenceNumber: "1" },
  };
  const event = join(folder, "event.json");
  await writeFile(event, JSON.stringify({ Records: [record] }));
  await done(["replay", event, "--lake", lake]);

  const other = join(folder, "other.json");
  await writeFile(other, schemaText({ Rating: { type: "string" } }));
  const before = await fingerprint(lake);
  const [changed, renamed, otherKey] = await Promise.all([
    dynalake([...take, "--schema", other]),
    dynalake([...take, "--schema", file, "--name", "another"]),
    dynalake([...take, "--schema", file, "--key", "Rating"]),
  ]);
  expectRefused(changed, { code: "SCHEMA_INVALID", names: ["other.json", '"t"'], next: "lake" });
  expectRefused(renamed, { code: "USAGE", names: ['"another"', '"t"'] });
  expectRefused(otherKey, { code: "USAGE", names: ["key Rating", "Id"] });
  expect(await fingerprint(lake)).toEqual(before);
});

test("a file that is not there is told with what writes one", async () => {
  const file = join(folder, "nowhere.json");
  const next = "infer --source NAME --out FILE";
  for (const words of [
    ["snapshot", "--from-export", whole, "--schema", file],
    ["schema", "diff", file],
  ]) {
    const ended = await dynalake([...words, "--lake", join(folder, "lake")]);
    expectRefused(ended, { code: "INPUT_INVALID", names: ["nowhere.json", "ENOENT"], next });
  }
});
