/** AWS on this machine, for one test file: its services, and switches for what goes wrong with them. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startProcess } from "./emulator-process.ts";

export interface AwsEmulator {
  /** Of every service: AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  /** For clients of the SDK in this process. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** For child processes: all of their environment, with nothing of this machine's AWS settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder for files of tests; `stop` removes it. */
  readonly folder: string;
  /** Resolves when Athena runs statements: some seconds after the start. Statements sent earlier wait. */
  athenaReady(): Promise<void>;
  readonly faults: Faults;
  /** What policies did not allow so far. Only with `iam`. */
  denials(): Promise<readonly Denial[]>;
  forgetDenials(): Promise<void>;
  /** The end of the emulator's log, with what Lambdas logged. */
  log(lines?: number): string;
  /** Ends everything and removes what it wrote. Idempotent. */
  stop(): Promise<void>;
}

/** Each goes wrong so many times, and then no more. What is set is added to what is set already. */
export interface Faults {
  /**
   * Of the entries of the next `calls` PutRecordBatch requests every n-th fails, counted over all of them; by default all.
   */
  failPuts(fault: { calls: number; every?: number; stream?: string }): Promise<void>;
  /** Firehose writes nothing from now on, until `release`. Default: no stream does. */
  holdDeliveries(stream?: string): Promise<void>;
  held(): Promise<readonly HeldObject[]>;
  /**
   * Firehose writes what it held back, and holds nothing back any more unless `goOnHolding`; with `hoursEarlier` into the
   * folder of an earlier hour, as for rows that came in then. The objects' keys.
   */
  release(options?: {
    hoursEarlier?: number;
    limit?: number;
    stream?: string;
    goOnHolding?: boolean;
  }): Promise<readonly string[]>;
  /** The next `objects` of Firehose are written twice. */
  duplicateDeliveries(objects: number): Promise<void>;
  /**
   * A state of a state machine goes wrong. `how` "fail" ends its task with `error`, so that its own Retry and Catch act;
   * "abort" ends the whole execution at once, ABORTED, as if its machine were gone. `when` is before the task begins
   * (default) or after it was done, so that its answer is lost.
   */
  failState(fault: {
    state: string;
    machine?: string;
    how?: "fail" | "abort";
    when?: "before" | "after";
    error?: string;
    times?: number;
  }): Promise<void>;
  /** The next `records` REMOVE records of streams are those of time to live. */
  ttlDeletes(records: number): Promise<void>;
  /** The next `exports` end FAILED. */
  failExports(exports: number): Promise<void>;
  /** How many of the faults that were set have not struck yet. */
  left(): Promise<number>;
  /** Nothing goes wrong any more. What is held back stays so until it is released. */
  clear(): Promise<void>;
}

export interface HeldObject {
  readonly stream: string;
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
}

export interface Denial {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

const region = "us-east-1";
const account = "000000000000";
const athenaSecondsMax = 180;
const askEveryMs = 100;
const logLines = 80;

/** Starts an emulator of AWS that holds nothing. With `iam` it enforces the policies of roles. */
export async function startEmulator(options: { iam?: boolean } = {}): Promise<AwsEmulator> {
  const { endpoint, folder, logFile, stop } = await startProcess({ iam: options.iam === true });
  const control = controlAt(endpoint);
  const log = (lines = logLines) => readFileSync(logFile, "utf8").split("\n").slice(-lines).join("\n");
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return {
    endpoint,
    client: { endpoint, region, credentials },
    environment: environmentFor(endpoint, folder),
    folder,
    athenaReady: () => whenAthenaAnswers(control),
    faults: faultsBy(control),
    denials: () => control("GET", "denials"),
    forgetDenials: async () => void (await control("DELETE", "denials")),
    log,
    stop,
  };
}

function environmentFor(endpoint: string, folder: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    CDK_DEFAULT_ACCOUNT: account,
    CDK_DEFAULT_REGION: region,
    CDK_DISABLE_CLI_TELEMETRY: "true",
    CI: "1",
    NODE_NO_WARNINGS: "1",
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: join(folder, "home"),
    TMPDIR: join(folder, "tmp"),
    LANG: "C.UTF-8",
  };
}

type Control = <T>(method: "GET" | "POST" | "DELETE", name: string, body?: unknown) => Promise<T>;

function controlAt(endpoint: string): Control {
  return async <T>(method: string, name: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${endpoint}/_dynalake/${name}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`the emulator refuses ${name}: ${JSON.stringify(answer)}`);
    return answer as T;
  };
}

interface State {
  readonly athena: boolean;
  readonly trino: string | null;
  readonly faults: {
    readonly held: readonly HeldObject[];
    readonly putFailures: readonly { readonly calls: number }[];
    readonly states: readonly { readonly times: number }[];
    readonly duplicates: number;
    readonly ttlDeletes: number;
    readonly exportFailures: number;
  };
}

async function whenAthenaAnswers(control: Control): Promise<void> {
  for (const untilMs = Date.now() + athenaSecondsMax * 1000; Date.now() < untilMs; ) {
    const { athena, trino } = await control<State>("GET", "state");
    if (athena) return;
    if (trino !== null) throw new Error(`Trino has ended: ${trino}`);
    await sleep(askEveryMs);
  }
  throw new Error(`Athena did not answer within ${athenaSecondsMax} seconds`);
}

function faultsBy(control: Control): Faults {
  const set = async (fault: Record<string, unknown>) => void (await control("POST", "faults", fault));
  return {
    failPuts: (putFailure) => set({ putFailure }),
    holdDeliveries: (stream) => set({ hold: stream ?? true }),
    held: async () => (await control<State>("GET", "state")).faults.held,
    release: async ({ goOnHolding = false, ...options } = {}) => {
      if (!goOnHolding) await set({ hold: false });
      const { keys } = await control<{ keys: readonly string[] }>("POST", "release", options);
      return keys;
    },
    duplicateDeliveries: (duplicates) => set({ duplicates }),
    failState: (state) => set({ state }),
    ttlDeletes: (ttlDeletes) => set({ ttlDeletes }),
    failExports: (exportFailures) => set({ exportFailures }),
    left: async () => {
      const { putFailures, states, ...counts } = (await control<State>("GET", "state")).faults;
      const listed = [...putFailures.map(({ calls }) => calls), ...states.map(({ times }) => times)];
      const counted = [counts.duplicates, counts.ttlDeletes, counts.exportFailures];
      return [...listed, ...counted].reduce((sum, count) => sum + count, 0);
    },
    clear: async () => void (await control("DELETE", "faults")),
  };
}
