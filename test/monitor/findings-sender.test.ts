/** Findings reach a webhook and a command, and whatever these do, the sender goes on. */
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { LakeFinding } from "../../src/console/api.ts";
import { findingsCommand } from "../../src/monitor/findings-command.ts";
import type { FindingsMessage } from "../../src/monitor/findings-message.ts";
import { type FindingsReceiver, FindingsSender } from "../../src/monitor/findings-sender.ts";
import { webhook } from "../../src/monitor/webhook.ts";
import { systemTiming } from "../../src/sdk/timing.ts";
import { withFolder } from "../support/folders.ts";

const FOUND: LakeFinding = {
  id: "gap-trimmed-1",
  table: "t",
  severity: "bad",
  title: "changes are missing",
  detail: "A gap.",
};
const GOES_ON = new AbortController().signal;
const MESSAGE: FindingsMessage = {
  text: "x",
  lake: "lake",
  host: "h",
  at: "1970-01-01T00:00:00.000Z",
  findings: [FOUND],
  resolved: [],
  more: 0,
};

function sender(receiver: FindingsReceiver, findings: () => Promise<readonly LakeFinding[]>) {
  const failures: string[] = [];
  const made = new FindingsSender({
    ...{ receiver, findings, lake: "lake", host: "h", timing: systemTiming },
    onFailure: (why) => failures.push(why),
  });
  return { failures, look: () => made.look(GOES_ON) };
}

test("what could not be sent is sent at the next look, and a failure that lasts is reported once", async () => {
  const sent: FindingsMessage[] = [];
  let isUp = false;
  const send = async (message: FindingsMessage): Promise<void> => {
    if (!isUp) throw new Error("the answer was 500");
    sent.push(message);
  };
  const { failures, look } = sender({ name: "the webhook", send }, async () => [FOUND]);
  await look();
  await look();
  expect(failures).toEqual(["the webhook: the answer was 500"]);
  isUp = true;
  await look();
  await look();
  expect(sent).toMatchObject([{ findings: [FOUND] }]);
  expect(failures).toHaveLength(1);
});

test("a lake that cannot be read is a failure of the look alone", async () => {
  const { failures, look } = sender({ name: "it", send: async () => undefined }, async () => {
    throw new Error("no lake");
  });
  await look();
  expect(failures).toEqual(["it: no lake"]);
});

/** A server that answers with what `answer` says, and what it got. */
async function withServer(
  answer: number | "never",
  use: (url: string, got: readonly string[]) => Promise<void>,
): Promise<void> {
  const got: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    request.on("end", () => {
      got.push(body);
      if (answer !== "never") response.writeHead(answer, { location: "http://127.0.0.1:1/" }).end("secret");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=hush`, got);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a webhook gets one JSON object; another answer than 2xx and a redirect are failures", async () => {
  await withServer(204, async (url, got) => {
    await webhook(url).send(MESSAGE, GOES_ON);
    expect(got.map((text) => JSON.parse(text))).toEqual([MESSAGE]);
  });
  for (const status of [500, 302])
    await withServer(status, async (url) => {
      await expect(webhook(url).send(MESSAGE, GOES_ON)).rejects.toThrow(`the answer was ${status}`);
    });
});

test("a webhook that never answers is given up, and its address is in no message", async () => {
  await withServer("never", async (url) => {
    await expect(webhook(url, 50).send(MESSAGE, GOES_ON)).rejects.toThrow(/^no answer in time$/);
    const stop = new AbortController();
    const sending = webhook(url).send(MESSAGE, stop.signal);
    stop.abort();
    await expect(sending).rejects.toThrow(/^not reached$/);
  });
  expect(() => webhook("hush")).toThrow(/^the webhook's address is not an http\(s\) URL$/);
  expect(() => webhook("file:///etc/hush")).toThrow(/^the webhook's address is not/);
  // fetch refuses such addresses, each time.
  for (const user of ["ann:hush", ":hush", "hush"])
    expect(() => webhook(`https://${user}@example.com/`)).toThrow(/^the webhook's address has a user name/);
});

test("a command gets the JSON on its standard input, without the secrets of the environment", async () => {
  await withFolder(async (folder) => {
    const script =
      'process.stdin.pipe(require("fs").createWriteStream("got.json")).on("close", () => require("fs").writeFileSync("env.json", JSON.stringify([process.env.KEPT, process.env.DYNALAKE_MASK_KEY, process.argv[2]])))';
    const file = join(folder, "notify.cjs");
    await writeFile(file, script);
    const environment = {
      ...process.env,
      KEPT: "yes",
      DYNALAKE_MASK_KEY: "hush",
      DYNALAKE_WEBHOOK_URL: "hush",
    };
    const place = { cwd: folder, environment };
    await findingsCommand([process.execPath, file, "$(touch pwned)"], place).send(MESSAGE, GOES_ON);
    expect(JSON.parse(await readFile(join(folder, "got.json"), "utf8"))).toEqual(MESSAGE);
    expect(JSON.parse(await readFile(join(folder, "env.json"), "utf8"))).toEqual([
      "yes",
      null,
      "$(touch pwned)",
    ]);
  });
});

test("a command that is missing, fails, or does not end is a failure", async () => {
  await withFolder(async (cwd) => {
    const place = { cwd, environment: process.env };
    const node = (script: string) => [process.execPath, "-e", script];
    await expect(findingsCommand(["./none"], place).send(MESSAGE, GOES_ON)).rejects.toThrow("ENOENT");
    await expect(findingsCommand(node("process.exit(7)"), place).send(MESSAGE, GOES_ON)).rejects.toThrow(
      "exit code 7",
    );
    const endless = findingsCommand(node("setInterval(() => 0, 1000)"), { ...place, millisecondsMax: 200 });
    await expect(endless.send(MESSAGE, GOES_ON)).rejects.toThrow("it did not end in time");
  });
});
