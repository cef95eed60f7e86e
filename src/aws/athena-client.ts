/** Athena as one thing that runs statements: started once, waited for, and cancelled once their caller has given up. */
import { randomUUID } from "node:crypto";
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { DynalakeError } from "../core/error.ts";
import { utf8Bytes } from "../core/values/utf8.ts";
import { awsFailure, isPassingFailure } from "../sdk/aws-error.ts";
import { type Backoff, backoffMs, systemTiming, type Timing } from "../sdk/timing.ts";
import { athenaError, statementError } from "./athena-error.ts";
import { type ResultPage, resultPages } from "./athena-result.ts";

interface AthenaOptions {
  readonly client: AthenaClient;
  readonly database: string;
  /** Its settings decide where results are written. */
  readonly workGroup: string;
  /** Statements that take longer are stopped. Athena's own limit for statements that read or write rows is 30 minutes. */
  readonly timeoutSeconds?: number;
  /** No statement is waited for beyond this moment: it is stopped, and none is started. Default: no such moment. */
  readonly untilMs?: number;
  /** Stops running statements and prevents new ones. */
  readonly signal?: AbortSignal;
  readonly timing?: Timing;
}

interface StatementOptions {
  /** 32 to 128 characters; Athena runs one statement per token. Default: a new token. */
  readonly token?: string;
  /** Stops the statement. Default: the signal for all statements. */
  readonly signal?: AbortSignal;
  /** Stops the statement once it has read more. Default: as the work group says. */
  readonly scannedBytesMax?: number;
}

export interface Athena {
  /** Runs a statement to its end. Fails with SQL_FAILED, ENGINE_FAILED, CREDENTIALS, THROTTLED, UNREACHABLE or INCOMPLETE. */
  run(sql: string, options?: StatementOptions): Promise<FinishedStatement>;
  /** A statement that has run before, by its id. Fails with USAGE if it did not end well, and where there is none. */
  finished(id: string): Promise<FinishedStatement>;
  /** The rows of a finished statement, page by page, with the columns. */
  pages(statement: FinishedStatement): AsyncGenerator<ResultPage>;
}

export interface FinishedStatement {
  readonly id: string;
  /** SELECT and UNLOAD are DML; SHOW and EXPLAIN are not. */
  readonly type: "DDL" | "DML" | "UTILITY";
  readonly scannedBytes: number;
}

/** AWS: Amazon Athena service quotas. */
export const STATEMENT_BYTES_MAX = 262_144;

const TIMEOUT_SECONDS = 30 * 60;
/** The account's queue, once full, takes minutes to empty, not milliseconds. */
const START_BACKOFF: Backoff = { baseMs: 500, capMs: 20_000 };
const POLL_BACKOFF: Backoff = { baseMs: 200, capMs: 3_000 };
/** Polls in a row that may fail. */
const LOST_POLLS_MAX = 10;

export function athenaStatements(options: AthenaOptions): Athena {
  const context: Context = { timing: systemTiming, timeoutSeconds: TIMEOUT_SECONDS, ...options };
  return {
    run: (sql, statement = {}) => run(context, sql, statement),
    finished: (id) => finished(context, id),
    pages: (statement) => resultPages(context.client, statement),
  };
}

type Context = AthenaOptions & Required<Pick<AthenaOptions, "timing" | "timeoutSeconds">>;

async function run(context: Context, sql: string, options: StatementOptions): Promise<FinishedStatement> {
  requireShort(sql);
  const signal = options.signal ?? context.signal ?? new AbortController().signal;
  const untilMs = Math.min(
    context.timing.nowMs() + context.timeoutSeconds * 1000,
    context.untilMs ?? Number.POSITIVE_INFINITY, // breakage: statements-end-before-their-function
  );
  const id = await start(context, sql, options.token ?? randomUUID(), signal, untilMs);
  const { scannedBytesMax } = options;
  return finishedOf(id, await waitFor(context, id, { signal, untilMs, scannedBytesMax }));
}

function finishedOf(id: string, { StatementType, Statistics }: QueryExecution): FinishedStatement {
  return { id, type: StatementType ?? "DML", scannedBytes: Statistics?.DataScannedInBytes ?? 0 };
}

async function finished(context: Context, id: string): Promise<FinishedStatement> {
  const execution = await poll(context, id).catch((error: unknown) => {
    const isUnknown = awsFailure(error).name === "InvalidRequestException"; // breakage: unknown-statements-are-usage
    if (!isUnknown) throw athenaError(error, `find the statement ${id}`);
    throw new DynalakeError("USAGE", `Athena knows no statement ${id} in this account and region`, {
      cause: error,
      next: "Run it again: Athena forgets a statement after 45 days.",
    });
  });
  const state = execution?.Status?.State;
  if (execution !== undefined && state === "SUCCEEDED") return finishedOf(id, execution);
  throw new DynalakeError("USAGE", `the statement ${id} is ${state ?? "unknown"} and has no rows to read`, {
    next: "Run it again.",
  });
}

/** Throws SQL_FAILED if the statement is longer than `bytesMax`. */
export function requireShort(sql: string, bytesMax: number = STATEMENT_BYTES_MAX): void {
  const bytes = utf8Bytes(sql);
  if (bytes <= bytesMax) return;
  throw new DynalakeError(
    "SQL_FAILED",
    `a statement is too long: ${bytes.toLocaleString("en-US")} bytes, at most ${bytesMax.toLocaleString("en-US")} are allowed`,
    {
      next: "Compact the whole table, so that statements name fewer segments. If that does not help, choose a coarser partitionBy.",
    },
  );
}

/** Because of the token, resending the request never starts a second statement. */
async function start(
  context: Context,
  sql: string,
  token: string,
  signal: AbortSignal,
  untilMs: number,
): Promise<string> {
  const command = new StartQueryExecutionCommand({
    QueryString: sql,
    ClientRequestToken: token,
    WorkGroup: context.workGroup,
    QueryExecutionContext: { Database: context.database, Catalog: "AwsDataCatalog" },
  });
  for (let failures = 1; ; failures++) {
    if (signal.aborted) throw cancelled();
    if (context.timing.nowMs() >= untilMs) throw outOfTime("did not start a statement: no time left");
    try {
      const { QueryExecutionId } = await context.client.send(command);
      if (QueryExecutionId !== undefined) return QueryExecutionId;
      throw new DynalakeError("ENGINE_FAILED", "Athena started a statement but returned no id");
    } catch (error) {
      const waitMs = backoffMs(START_BACKOFF, failures, context.timing);
      if (!isPassingFailure(error) || context.timing.nowMs() + waitMs > untilMs)
        throw athenaError(error, "start a statement");
      await context.timing.sleep(waitMs, signal);
    }
  }
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly untilMs: number;
  readonly scannedBytesMax?: number | undefined;
}

/** Polls with growing waits until the statement ends. Stops it at the time limit or when the signal is aborted. */
async function waitFor(
  context: Context,
  id: string,
  { signal, untilMs, scannedBytesMax = Number.POSITIVE_INFINITY }: Waiting,
): Promise<QueryExecution> {
  const { timing } = context;
  for (let polls = 1, lost = 0; ; polls++) {
    const execution = await poll(context, id).catch((error: unknown) => {
      lost++;
      if (lost > LOST_POLLS_MAX || !isPassingFailure(error)) throw athenaError(error, "follow a statement");
      return undefined;
    });
    if (execution !== undefined) lost = 0;
    const state = execution?.Status?.State;
    if (execution !== undefined && state === "SUCCEEDED") return execution;
    if (state === "FAILED") throw statementError(execution?.Status);
    if (state === "CANCELLED") throw cancelled(execution?.Status?.StateChangeReason);
    // breakage: statements-stop-at-their-bytes
    if ((execution?.Statistics?.DataScannedInBytes ?? 0) > scannedBytesMax) {
      await stop(context, id);
      throw tooMuchRead(scannedBytesMax);
    }
    const waitMs = backoffMs(POLL_BACKOFF, polls, timing);
    if (signal.aborted || timing.nowMs() + waitMs > untilMs) {
      await stop(context, id);
      if (signal.aborted) throw cancelled();
      if (untilMs === context.untilMs)
        throw outOfTime("stopped a statement: the function was about to time out");
      throw new DynalakeError(
        "ENGINE_FAILED",
        `stopped a statement after ${context.timeoutSeconds / 60} min`,
      );
    }
    await timing.sleep(waitMs, signal);
  }
}

async function poll(context: Context, id: string): Promise<QueryExecution | undefined> {
  const answer = await context.client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
  return answer.QueryExecution;
}

/** An abandoned statement would keep costing money; if stopping fails, the limits of the work group end it. */
async function stop(context: Context, id: string): Promise<void> {
  await context.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => undefined);
}

function tooMuchRead(bytes: number): DynalakeError {
  return new DynalakeError(
    "INCOMPLETE",
    `stopped a statement that has read more than ${bytes.toLocaleString("en-US")} bytes`,
    { next: "Ask for fewer columns, or run it with `dynalake query`, which has no such limit." },
  );
}

function outOfTime(message: string): DynalakeError {
  return new DynalakeError("ENGINE_FAILED", message);
}

function cancelled(why?: string): DynalakeError {
  const told = why === undefined || why === "" ? "" : `: ${why}`;
  return new DynalakeError("INCOMPLETE", `the statement was cancelled${told}`);
}
