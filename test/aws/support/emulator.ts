/** An emulated AWS for one test file or all of them: its services, and switches for their faults. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type EmulatorProcess, startProcess } from "./emulator-process.ts";

export interface AwsEmulator {
  /** The endpoint of every service: AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  /** Options for SDK clients in this process. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** The complete environment for child processes, without this machine's AWS settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder for test files; `stop` removes it. */
  readonly folder: string;
  /** Resolves when Athena can run statements, some seconds after the start. Earlier statements wait. */
  athenaReady(): Promise<void>;
  readonly faults: Faults;
  /** Makes objects below the prefix look `hours` older. Returns their number. */
  makeOlder(bucket: string, prefix: string, hours: number): Promise<number>;
  /** What policies have denied so far, to all principals or to those with `to` in their name. Only with `iam`. */
  denials(to?: string): Promise<readonly Denial[]>;
  /** Clears the denials of principals with `to` in their name. */
  forgetDenials(to: string): Promise<void>;
  /** The end of the emulator's log, including what functions logged. */
  log(lines?: number): string;
  /** Stops everything and removes what it wrote. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Each fault occurs the given number of times and then stops. Setting one adds to those already set. On the shared emulator,
 * set faults only for the test file's own streams, tables and machines, because other files run concurrently.
 */
export interface Faults {
  /**
   * Among the entries of the next `calls` PutRecordBatch requests, every n-th fails, counted across requests. Default: all.
   */
  failPuts(fault: { calls: number; every?: number; stream?: string }): Promise<void>;
  /** Firehose holds back everything until `release`. Default: for all streams. */
  holdDeliveries(stream?: string): Promise<void>;
  held(stream?: string): Promise<readonly HeldObject[]>;
  /**
   * Firehose writes what it held back, and stops holding back unless `goOnHolding`. With `hoursEarlier` it writes to the folder
   * of an earlier hour, as for rows that arrived then. Returns the keys of the objects.
   */
  release(options?: {
    hoursEarlier?: number;
    limit?: number;
    stream?: string;
    goOnHolding?: boolean;
  }): Promise<readonly string[]>;
  /** Firehose writes the next `objects` twice. */
  duplicateDeliveries(objects: number, stream?: string): Promise<void>;
  /**
   * A state of a state machine fails. `how` "fail" ends its task with `error`, so that its Retry and Catch apply; "abort"
   * ends the whole execution immediately as ABORTED. `when` is before the task starts (default), or after it is done, so that
   * its answer is lost.
   */
  failState(fault: {
    state: string;
    machine?: string;
    /** Only executions whose input names this table. */
    table?: string;
    how?: "fail" | "abort";
    when?: "before" | "after";
    error?: string;
    times?: number;
  }): Promise<void>;
  /** The next `records` REMOVE records of streams are time-to-live deletes. */
  ttlDeletes(records: number, table?: string): Promise<void>;
  /** The next `exports` end as FAILED. */
  failExports(exports: number, table?: string): Promise<void>;
  /** The number of faults still to occur, in total or for one stream, table or machine. */
  left(of?: string): Promise<number>;
  /** Removes all faults. Deliveries that are held back stay so until they are released. */
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
  /** The prefix of a denied listing. */
  readonly prefix?: string;
}

const region = "us-east-1";
const account = "000000000000";
const athenaSecondsMax = 180;
const askEveryMs = 100;
const logLines = 80;

/** Starts an empty AWS emulator. With `iam` it enforces the policies of roles. */
export async function startEmulator(options: { iam?: boolean } = {}): Promise<AwsEmulator> {
  const { stop, ...place } = await startProcess({ iam: options.iam === true });
  return emulatorAt(place, stop);
}

/**
 * The emulator for the whole run, with policies of roles enforced. It is started once (global-setup.mjs), and its Trino warms
 * up. Several test files use it concurrently, each with its own names.
 */
export async function sharedEmulator(): Promise<AwsEmulator> {
  const place = process.env[SHARED_VARIABLE];
  if (place === undefined) throw new Error("run these tests with: npm run test:aws");
  const emulator = emulatorAt(JSON.parse(place) as EmulatorPlace, async () => undefined);
  // The adapters read their settings from the environment.
  Object.assign(process.env, emulator.environment);
  return emulator;
}

/** The variable in which the global setup passes the place of the shared emulator. */
export const SHARED_VARIABLE = "DYNALAKE_AWS_SHARED";

export type EmulatorPlace = Omit<EmulatorProcess, "stop">;

function emulatorAt({ endpoint, folder, logFile }: EmulatorPlace, stop: AwsEmulator["stop"]): AwsEmulator {
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
    makeOlder: async (bucket, prefix, hours) => {
      const { objects } = await control<{ objects: number }>("POST", "age", { bucket, prefix, hours });
      return objects;
    },
    denials: async (to = "") => {
      const all = await control<readonly Denial[]>("GET", "denials");
      return all.filter(({ principal }) => principal.includes(to));
    },
    forgetDenials: async (to) => void (await control("DELETE", "denials", { to })),
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
    if (!response.ok) throw new Error(`the emulator rejected ${name}: ${JSON.stringify(answer)}`);
    return answer as T;
  };
}

interface Counted {
  readonly times: number;
  /** The stream or table it is for. */
  readonly of: string | null;
}

interface State {
  readonly athena: boolean;
  readonly trino: string | null;
  readonly faults: {
    readonly held: readonly HeldObject[];
    readonly putFailures: readonly { readonly calls: number; readonly stream: string | null }[];
    readonly states: readonly {
      readonly times: number;
      readonly machine: string | null;
      readonly table: string | null;
    }[];
    readonly duplicates: readonly Counted[];
    readonly ttlDeletes: readonly Counted[];
    readonly exportFailures: readonly Counted[];
  };
}

async function whenAthenaAnswers(control: Control): Promise<void> {
  for (const untilMs = Date.now() + athenaSecondsMax * 1000; Date.now() < untilMs; ) {
    const { athena, trino } = await control<State>("GET", "state");
    if (athena) return;
    if (trino !== null) throw new Error(`Trino ended: ${trino}`);
    await sleep(askEveryMs);
  }
  throw new Error(`Athena did not respond within ${athenaSecondsMax} s`);
}

function faultsBy(control: Control): Faults {
  const set = async (fault: Record<string, unknown>) => void (await control("POST", "faults", fault));
  const counted = (times: number, of: string | undefined) => ({ times, ...(of === undefined ? {} : { of }) });
  return {
    failPuts: (putFailure) => set({ putFailure }),
    holdDeliveries: (stream) => set({ hold: stream ?? null }),
    held: async (stream) => {
      const { held } = (await control<State>("GET", "state")).faults;
      return held.filter((object) => stream === undefined || object.stream === stream);
    },
    release: async ({ goOnHolding = false, ...options } = {}) => {
      if (!goOnHolding) await set({ unhold: options.stream ?? null });
      const { keys } = await control<{ keys: readonly string[] }>("POST", "release", options);
      return keys;
    },
    duplicateDeliveries: (objects, stream) => set({ duplicates: counted(objects, stream) }),
    failState: (state) => set({ state }),
    ttlDeletes: (records, table) => set({ ttlDeletes: counted(records, table) }),
    failExports: (exports, table) => set({ exportFailures: counted(exports, table) }),
    left: async (wanted) => {
      const { putFailures, states, ...others } = (await control<State>("GET", "state")).faults;
      const all = [
        ...putFailures.map(({ calls, stream }): Counted => ({ times: calls, of: stream })),
        ...states.map(({ times, machine, table }): Counted => ({ times, of: table ?? machine })),
        ...[others.duplicates, others.ttlDeletes, others.exportFailures].flat(),
      ];
      const meant = all.filter(({ of }) => wanted === undefined || of === wanted);
      return meant.reduce((sum, { times }) => sum + times, 0);
    },
    clear: async () => void (await control("DELETE", "faults")),
  };
}
