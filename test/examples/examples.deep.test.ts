/** The examples and the code in documents and doc comments compile against the published types, and the examples do what they say. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CreateTableCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { connectSource } from "../../src/source/source-connection.ts";
import { withFolder } from "../support/folders.ts";
import { buildPackage, root } from "./built-package.ts";
import { type CodeBlock, codeBlocksIn, codeBlocksOf } from "./code-blocks.ts";
import { type Compiled, compile, exampleNames } from "./compile.ts";
import { runExample, startExample } from "./run-example.ts";

/** Public functions and constructs: each has an example, found by what it calls. */
const SHOWN = [
  "openLake(",
  ".snapshot(",
  ".follow(",
  ".replay(",
  ".query",
  ".items(",
  ".verify(",
  "new Lake(",
  "new LakeStack(",
  "new DynamoDbLake(",
  "new ExportStack(",
];
const SAMPLE = "examples/sample-export";

let documents: readonly CodeBlock[] = [];
let docComments: readonly CodeBlock[] = [];
let compiled: Compiled = { problems: [], folder: "" };

beforeAll(() => {
  buildPackage();
  documents = ["README.md", "docs"].flatMap((place) => codeBlocksIn(place, ".md"));
  docComments = codeBlocksIn("dist/types", ".d.ts");
  compiled = compile([...documents, ...docComments]);
});

test("examples, and the code in documents and doc comments, compile against the published types", () => {
  expect(compiled.problems).toEqual([]);
});

test.each(SHOWN)("%s is shown in a doc comment", (call) => {
  expect(docComments.filter(({ code }) => code.includes(call))).not.toEqual([]);
});

test("README, docs/library.md and docs/aws.md have code that is compiled", () => {
  const files = new Set(documents.map(({ file }) => file));
  expect([...files]).toEqual(expect.arrayContaining(["README.md", "docs/aws.md", "docs/library.md"]));
});

test("code is found in documents and doc comments, with its line", () => {
  const document = "text\n```ts\nconst a = 1;\n```\n```sh\nls\n```\n";
  expect(codeBlocksOf("a.md", document)).toEqual([{ file: "a.md", line: 3, code: "const a = 1;\n" }]);
  const comment = "  /**\n   * @example\n   * ```ts\n   * if (a)\n   *   b();\n   * ```\n   */\n";
  expect(codeBlocksOf("a.d.ts", comment)).toEqual([{ file: "a.d.ts", line: 4, code: "if (a)\n  b();\n" }]);
});

test.each(exampleNames())("%s says how to run it, and examples/README.md lists it", (name) => {
  const [header = ""] = readFileSync(join(root, "examples", `${name}.ts`), "utf8").split("*/");
  expect(header).toMatch(/^\/\*\*\n/);
  expect(header).toContain(`npx tsx examples/${name}.ts`);
  expect(readFileSync(join(root, "examples", "README.md"), "utf8")).toContain(`(${name}.ts)`);
});

/** Runs an example to its end, and returns what it printed. */
function run(
  name: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return runExample(join(compiled.folder, `${name}.js`), args, environment);
}

describe("on the sample export", () => {
  let folder = "";
  let quickStart = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
    quickStart = await run("quick-start", [SAMPLE, join(folder, "lake")]);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("quick-start infers a schema, takes a snapshot and answers", () => {
    expect(quickStart).toContain("Likes: bigint\n");
    expect(quickStart).toContain('Table "reviews" has 6 items.\n');
    expect(quickStart).toMatch(/'Jane Austen'\D+3\D+4\.7/);
  });

  test("query-rows prints columns and rows, with every digit", async () => {
    const lines = (await run("query-rows", [join(folder, "lake")])).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^user VARCHAR \| book VARCHAR \| price DECIMAL\(\d+,\d+\) \| likes BIGINT$/);
    expect(lines).toHaveLength(1 + 6 + 1);
    expect(lines[3]).toMatch(/^ben \| Emma \| 7\.990* \| 9007199254740993$/);
    expect(lines.at(-1)).toBe("9007199254741057 likes");
  });

  test("items writes the items of the export", async () => {
    const file = join(folder, "items.json");
    await run("items", [file, join(folder, "lake")]);
    expect(itemsOf(readFileSync(file, "utf8"))).toEqual(itemsOf(sampleLines()));
  });

  test("verify finds the lake identical with the export", async () => {
    const printed = await run("verify", [SAMPLE, join(folder, "lake")]);
    expect(printed).toBe("identical: 6 items in the export, 6 in the lake\n");
  });
});

function sampleLines(): string {
  const names = readdirSync(join(root, SAMPLE), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".gz"))
    .map((name) => gunzipSync(readFileSync(join(root, SAMPLE, name))).toString())
    .join("");
}

/** Items by their keys: neither their order nor that of their attributes matters. */
function itemsOf(lines: string): ReadonlyMap<string, unknown> {
  const items = lines
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { readonly Item: Record<string, { readonly S?: string }> }).Item);
  return new Map(items.map((item) => [`${item.User?.S} ${item.Book?.S}`, item]));
}

test("follow takes a snapshot, delivers what is written, and ends with Ctrl-C", async () => {
  const emulator = await startEmulator({ kinds: ["dynoxide"] });
  const { client, close } = connectSource({ endpoint: emulator.endpoint });
  const put = (id: string) =>
    client.send(new PutItemCommand({ TableName: "Orders", Item: { Id: { S: id } } }));
  try {
    await client.send(
      new CreateTableCommand({
        TableName: "Orders",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "Id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "Id", KeyType: "HASH" }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
      }),
    );
    await put("a");
    await withFolder(async (folder) => {
      const file = join(compiled.folder, "follow.js");
      const following = startExample(file, ["Orders", join(folder, "lake")], {
        AWS_ENDPOINT_URL: emulator.endpoint,
      });
      // The stream has the item of the snapshot, too.
      const delivered = 'Delivered 1 to "orders".\n';
      await following.printed(delivered);
      await put("b");
      await following.printed(delivered + delivered);
      following.interrupt();
      const printed = await following.ended;
      expect(printed).toContain('Snapshot: 1 items in "orders".\n');
      expect(printed).toContain('Following "orders". Press Ctrl-C to stop.\n');
      expect(printed).toMatch(/\nChanges: 2, in quarantine: 0, gaps: 0\.\n$/);
    });
  } finally {
    close();
    await emulator.stop();
  }
});

test("cdk-app makes a template with the lake and what feeds it", async () => {
  await withFolder(async (folder) => {
    await run("cdk-app", [], { CDK_OUTDIR: folder, CDK_VALIDATION: "false" });
    const template = JSON.parse(readFileSync(join(folder, "Shop.template.json"), "utf8")) as {
      readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
    };
    const types = Object.values(template.Resources).map(({ Type }) => Type);
    expect(types).toEqual(
      expect.arrayContaining([
        "AWS::DynamoDB::Table",
        "AWS::KinesisFirehose::DeliveryStream",
        "Custom::DynalakeGlueTables",
        "AWS::Lambda::EventSourceMapping",
      ]),
    );
  });
});
