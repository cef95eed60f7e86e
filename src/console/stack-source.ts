/** A deployed lake, for the console. Its overview runs no statements: rows are those of the base, and lags come from metrics. */

import { chosenDeployment, type Deployment } from "../aws/deployment.ts";
import { batchesOf } from "../core/batches-of.ts";
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import { baseSegments } from "../core/format/manifest.ts";
import { viewNames } from "../core/overlay/lake-view.ts";
import { athena } from "../core/sql/athena.ts";
import { openTable } from "../core/table/open-table.ts";
import { dayMetrics, type TableMetricDay } from "../stack/day-metrics.ts";
import { deployedTable, type OpenedStack } from "../stack/open-stack.ts";
import { runStackQuery, type StackRows, stackStatement } from "../stack/query.ts";
import { statementPrice } from "../stack/statement-price.ts";
import { uncountedDeployedStatus } from "../stack/status.ts";
import type { DaySeries, Relation } from "./api.ts";
import type { ConsoleSource, ConsoleTable } from "./console-source.ts";
import { metricSeries } from "./day-series.ts";
import type { Row } from "./item-history.ts";

/** Metrics and requests are paid for. */
const FRESH_MS = 60_000;
/** Tables that are read side by side. */
const AT_ONCE_MAX = 8;
/** The views that people name; the others are the lake's own. */
const COMPLETED_VIEWS = 3;

/** `stack` stays the caller's, who closes it. `askedAboveBytes`: what a statement of the console's own may read at most. */
export function stackSource(stack: OpenedStack, askedAboveBytes: number): ConsoleSource {
  const tableOf = (deployment: Deployment, opened: ConsoleTable["opened"]): ConsoleTable => ({
    opened,
    store: stack.lakeOf(deployment).store,
    status: async () => {
      const status = await uncountedDeployedStatus(stack, deployment, opened);
      const age = status.delivery.iteratorAgeSeconds;
      return {
        status,
        rows: baseSegments(opened.manifest).reduce((sum, { rows }) => sum + rows, 0),
        areRowsCounted: false,
        behindSeconds: age === undefined ? undefined : age + deployment.bufferSeconds,
      };
    },
  });
  return {
    freshMs: FRESH_MS,
    statusesAtOnce: AT_ONCE_MAX,
    dialect: athena,
    tables: async () => {
      const tables: ConsoleTable[] = [];
      for (const batch of batchesOf(stack.deployments, AT_ONCE_MAX)) {
        const opened = await Promise.all(batch.map((one) => openTable(stack.lakeOf(one).store, one.table)));
        for (const [i, deployment] of batch.entries()) {
          const table = opened[i];
          if (table !== undefined) tables.push(tableOf(deployment, table));
        }
      }
      return tables;
    },
    table: async (name) => {
      const deployment = chosenDeployment(stack.deployments, name);
      return tableOf(deployment, await deployedTable(stack.lakeOf(deployment), deployment.table));
    },
    relations: () => relationsOf(stack),
    series: (tables, nowSeconds) => seriesOf(stack, tables, nowSeconds),
    ask: (signal) => (statements) => answersOf(stack, statements, askedAboveBytes, signal),
  };
}

/** As the catalog has them. */
async function relationsOf(stack: OpenedStack): Promise<readonly Relation[]> {
  const relations: Relation[] = [];
  for (const deployment of stack.deployments) {
    const { catalog } = stack.lakeOf(deployment).engine;
    for (const name of viewNames(deployment.table).slice(0, COMPLETED_VIEWS)) {
      const view = await catalog.table(name);
      const columns = view?.StorageDescriptor?.Columns ?? [];
      if (view !== undefined)
        relations.push({
          name,
          columns: columns.map(({ Name = "", Type = "" }) => ({ name: Name, type: Type })),
        });
    }
  }
  return relations;
}

/** Throws USAGE where the statements may read more than that in all. */
async function answersOf(
  stack: OpenedStack,
  asked: readonly string[],
  bytesMax: number,
  signal: AbortSignal,
): Promise<readonly (readonly Row[])[]> {
  const statements = asked.map(stackStatement);
  const prices = await Promise.all(statements.map((one) => statementPrice(stack, one, undefined)));
  const bytes = prices.reduce((sum, { bytesAtMost }) => sum + bytesAtMost, 0);
  // breakage: console-item-asks-before-it-pays
  if (bytes > bytesMax)
    throw new DynalakeError(
      "USAGE",
      `looking for one item may read up to ${bytes.toLocaleString("en-US")} bytes`,
      {
        next: "Ask for its history on the SQL page, or start the console with a higher --confirm-above.",
      },
    );
  const answers: (readonly Row[])[] = [];
  for (const one of statements)
    answers.push(
      await allRows((await runStackQuery(stack, one, { signal, scannedBytesMax: bytesMax })).pages),
    );
  return answers;
}

async function allRows(pages: AsyncIterable<StackRows>): Promise<readonly Row[]> {
  const found: Row[] = [];
  for await (const { columns, rows } of pages)
    for (const row of rows)
      found.push(Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null])));
  return found;
}

async function seriesOf(
  stack: OpenedStack,
  tables: readonly ConsoleTable[],
  nowSeconds: number,
): Promise<ReadonlyMap<string, DaySeries>> {
  const shown = new Set(tables.map(({ opened }) => opened.schema.table));
  const deployments = stack.deployments.filter(({ table }) => shown.has(table));
  // Figures that cannot be read, for want of a permission, are left out: what matters is shown.
  const days = await dayMetrics(deployments, nowSeconds, defined({ region: stack.region })).catch(
    (error: unknown) => {
      if (error instanceof DynalakeError) return new Map<string, TableMetricDay>();
      throw error;
    },
  );
  return new Map([...days].map(([table, day]) => [table, metricSeries(day, nowSeconds)]));
}
