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
import { isPassingFailure } from "../sdk/aws-error.ts";
import { type Backoff, backoffMs, systemTiming, type Timing } from "../sdk/timing.ts";
import { athenaError, statementError } from "./athena-error.ts";
import { type ResultPage, resultPages } from "./athena-result.ts";

interface AthenaOptions {
  readonly client: AthenaClient;
  readonly database: string;
  /** It says where results go. */
  readonly workGroup: string;
  /** A statement that takes longer is stopped. Athena's own limit for statements that read or write rows is 30 minutes. */
  readonly timeoutSeconds?: number;
  /** Stops the statements that are under way, and starts no more. */
  readonly signal?: AbortSignal;
  readonly timing?: Timing;
}

interface StatementOptions {
  /** Of two statements with one token Athena runs one: 32 to 128 characters. Default: a new one. */
  readonly token?: string;
  /** Stops the statement. Default: the signal of all. */
  readonly signal?: AbortSignal;
}

export interface Athena {
  /** Runs the statement to its end. Fails with SQL_FAILED, ENGINE_FAILED, CREDENTIALS, THROTTLED, UNREACHABLE or INCOMPLETE. */
  run(sql: string, options?: StatementOptions): Promise<FinishedStatement>;
  /** The rows of a finished statement, as they come; columns with the first page. */
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
/** A full queue of the account empties within minutes, not milliseconds. */
const START_BACKOFF: Backoff = { baseMs: 500, capMs: 20_000 };
const POLL_BACKOFF: Backoff = { baseMs: 200, capMs: 3_000 };
/** Polls in a row whose answer may be lost. */
const LOST_POLLS_MAX = 10;

export function athenaStatements(options: AthenaOptions): Athena {
  const context: Context = { timing: systemTiming, timeoutSeconds: TIMEOUT_SECONDS, ...options };
  return {
    run: (sql, statement = {}) => run(context, sql, statement),
    pages: (statement) => resultPages(context.client, statement),
  };
}

type Context = AthenaOptions & Required<Pick<AthenaOptions, "timing" | "timeoutSeconds">>;

async function run(context: Context, sql: string, options: StatementOptions): Promise<FinishedStatement> {
  requireShort(sql);
  const signal = options.signal ?? context.signal ?? new AbortController().signal;
  const untilMs = context.timing.nowMs() + context.timeoutSeconds * 1000;
  const id = await start(context, sql, options.token ?? randomUUID(), signal, untilMs);
  const execution = await waitFor(context, id, signal, untilMs);
  const { StatementType: type = "DML", Statistics } = execution;
  return { id, type, scannedBytes: Statistics?.DataScannedInBytes ?? 0 };
}

/** Throws SQL_FAILED where a statement is longer than that. */
export function requireShort(sql: string, bytesMax: number = STATEMENT_BYTES_MAX): void {
  const bytes = utf8Bytes(sql);
  if (bytes <= bytesMax) return;
  throw new DynalakeError("SQL_FAILED", `a statement has ${bytes} bytes; at most ${bytesMax} can be run`, {
    next: "Compact the whole table, so that statements name fewer segments; if it stays so, choose a coarser partitionBy.",
  });
}

/** The token makes it one statement however often the request is sent. */
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
    try {
      const { QueryExecutionId } = await context.client.send(command);
      if (QueryExecutionId !== undefined) return QueryExecutionId;
      throw new DynalakeError("ENGINE_FAILED", "Athena started a statement and gave no id of it");
    } catch (error) {
      const waitMs = backoffMs(START_BACKOFF, failures, context.timing);
      if (!isPassingFailure(error) || context.timing.nowMs() + waitMs > untilMs)
        throw athenaError(error, "start a statement");
      await context.timing.sleep(waitMs, signal);
    }
  }
}

/** Polls with growing waits until the statement has ended, and stops it where the time is over or the signal says so. */
async function waitFor(
  context: Context,
  id: string,
  signal: AbortSignal,
  untilMs: number,
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
    const waitMs = backoffMs(POLL_BACKOFF, polls, timing);
    if (signal.aborted || timing.nowMs() + waitMs > untilMs) {
      await stop(context, id);
      if (signal.aborted) throw cancelled();
      throw new DynalakeError(
        "ENGINE_FAILED",
        `a statement did not end within ${context.timeoutSeconds} seconds and was stopped`,
      );
    }
    await timing.sleep(waitMs, signal);
  }
}

async function poll(context: Context, id: string): Promise<QueryExecution | undefined> {
  const answer = await context.client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
  return answer.QueryExecution;
}

/** An abandoned statement would go on costing; if stopping fails, the limits of the work group end it. */
async function stop(context: Context, id: string): Promise<void> {
  await context.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => undefined);
}

function cancelled(why?: string): DynalakeError {
  const told = why === undefined || why === "" ? "" : `: ${why}`;
  return new DynalakeError("INCOMPLETE", `the statement was cancelled${told}`);
}
