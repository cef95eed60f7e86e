/** `dynalake doctor` on a stack: its report, its exit codes, and what it says where it may read little. */
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import "../../src/cli/commands/doctor.ts";
import "../../src/stack/doctor/examine-stack.ts";
import "../../src/stack/doctor/try-deployment.ts";
import "../../src/stack/open-stack.ts";
import { DOUBTS } from "../../src/core/doctor/doubts.ts";
import { type FakeAnswer, refusal } from "../aws-adapters/fake-aws.ts";
import { dynalake, expectRefused } from "../support/cli.ts";
import { type CloudRequest, type FakeCloud, fakeCloud } from "../support/fake-cloud.ts";
import { bucketAnswer, registryKeys, STACK_ANSWER } from "../support/fake-stack.ts";

const ARN = "arn:aws:iam::111122223333:user/ann";
const DENIED = refusal("AccessDeniedException", `User: ${ARN} is not authorized`, 403);
const KEYS = registryKeys([{ table: "reviews", source: "Reviews" }]);

let cloud: FakeCloud;
let mapping: FakeAnswer;

beforeAll(async () => {
  cloud = await fakeCloud((request) => answerTo(request));
  Object.assign(process.env, cloud.env);
});

beforeEach(() => {
  mapping = DENIED;
});

afterAll(() => cloud.close());

function answerTo({ operation, path }: CloudRequest): FakeAnswer {
  if (operation === "DescribeStacks") return STACK_ANSWER;
  if (operation !== "") return DENIED;
  return path.includes("event-source-mappings") ? mapping : bucketAnswer(path, KEYS);
}

const doctor = (...more: readonly string[]) => dynalake(["doctor", "--stack", "S", ...more]);

test("what may not be read is not seen, says why without naming an account, and exits with 3", async () => {
  const ended = await doctor();
  expect(ended.code).toBe(3);
  expect(ended.stdout).toMatch(/^dynalake \d+\.\d+\.\d+; stack S in .*; reviews\n\n/);
  const text = ended.stdout.replace(/\n {14}(?:- | {2})?/g, " ");
  expect(text).toContain(
    `\nnot seen      ${DOUBTS["mapping-state"]} could not be read: CREDENTIALS, cannot read the event source mapping Reviews-mapping: AccessDeniedException: User: <arn> is not`,
  );
  expect(text).toContain(`\nseen          ${DOUBTS["custom-resources"]} `);
  expect(text).toMatch(/\n1 seen, 36 not seen, 0 contradicted; 2 could not be read\n$/);
});

test("the report has lines of 80 characters at most, with what was seen under each behavior", async () => {
  const { stdout } = await doctor();
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(stdout).toContain(
    [
      "not seen      Step Functions passes 256 KiB, and waits for Athena without a",
      "              function",
      "              - nothing has shown it yet",
    ].join("\n"),
  );
});

test("a contradiction exits with 4; --json has every answer", async () => {
  const body = { UUID: "m", State: "Enabled", LastProcessingResult: "Fine", LastModified: 1 };
  mapping = { body };
  const ended = await doctor("--json");
  expect(ended.code).toBe(4);
  const { answers, counts, tables } = JSON.parse(ended.stdout);
  expect(tables).toEqual(["reviews"]);
  expect(counts).toEqual({ contradicted: 1, "not seen": 35, seen: 1 });
  expect(answers).toHaveLength(37);
  expect(answers[4]).toEqual({
    doubt: "mapping-state",
    behavior: DOUBTS["mapping-state"],
    verdict: "contradicted",
    evidence: "the mapping does not report its last result in a known form",
    isUnread: false,
  });
});

test("it writes nothing", async () => {
  await doctor();
  const written = cloud.requests.filter(({ method, operation }) =>
    operation === "" ? method !== "GET" : !/^(?:Describe|Get|List|StartQueryExecution)/.test(operation),
  );
  expect(written).toEqual([]);
});

test("without a stack, or with a table that it does not have, it is refused", async () => {
  expectRefused(await dynalake(["doctor"]), { code: "USAGE", names: ["doctor"], next: "--stack" });
  const bySettings = await dynalake(["doctor"], { env: { DYNALAKE_STACK: "S" } });
  expect(bySettings.stdout).toMatch(/^dynalake \d+\.\d+\.\d+; stack S in /);
  const env = { DYNALAKE_LAKE: "here" };
  expectRefused(await dynalake(["doctor"], { env }), { code: "USAGE", names: ["doctor"], next: "--stack" });
  expectRefused(await doctor("--table", "other"), { code: "USAGE", names: ["other"] });
  const refused = { code: "USAGE", names: ["--write", '"reviews"'], next: "-c doctor=true" } as const;
  expectRefused(await doctor("--write"), refused);
});
