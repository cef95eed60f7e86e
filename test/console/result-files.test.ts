/** Files of results: the command line writes them, and an answer that was paid for is read again. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ResultFiles } from "../../src/console/result-files.ts";

let folder: string;
let command: string;

/** In place of the command line: writes its words into the file that it is to write. */
const ECHO = `
const { writeFileSync } = require("node:fs");
const words = process.argv.slice(2);
writeFileSync(words[words.indexOf("--out") + 1], words.join(" "));
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  command = join(folder, "echo.cjs");
  await writeFile(command, ECHO);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const SQL = { sql: "SELECT 1", asOfSeconds: 0 };

async function wordsOf(files: ResultFiles): Promise<string> {
  const { content } = await files.write(SQL, "csv", new AbortController().signal);
  return (await new Response(content).text()).replace(/ --out .*/, "");
}

test("of a folder's statement, which runs again as of its time", async () => {
  const files = new ResultFiles({ words: ["--lake", "shop"] }, command);
  expect(await wordsOf(files)).toBe("query - --as-of 1970-01-01T00:00:00Z --lake shop --format csv");
});

test("of a statement in Athena, whose answer is read again; one that is not known runs", async () => {
  const of = (execution: string | undefined): ResultFiles => {
    const ran = (): string[] | undefined =>
      execution === undefined ? undefined : ["--execution", execution];
    return new ResultFiles({ words: ["--stack", "S"], ran }, command);
  };
  expect(await wordsOf(of("q-1"))).toBe("query --execution q-1 --stack S --format csv");
  expect(await wordsOf(of(undefined))).toContain("query - --as-of");
});
