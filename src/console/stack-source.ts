/** A deployed lake, for the console. Its overview runs no statements: rows are those of the base, and lags come from metrics. */

import { chosenDeployment, type Deployment } from "../aws/deployment.ts";
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import { baseSegments } from "../core/format/manifest.ts";
import { viewNames } from "../core/overlay/lake-view.ts";
import { athena } from "../core/sql/athena.ts";
import { openTable } from "../core/table/open-table.ts";
import { dayMetrics, type TableMetricDay } from "../stack/day-metrics.ts";
import { deployedTable, type OpenedStack } from "../stack/open-stack.ts";
import { runStackQuery, stackStatement } from "../stack/query.ts";
import { statementPrice } from "../stack/statement-price.ts";
import { uncountedDeployedStatus } from "../stack/status.ts";
import type { DaySeries, Relation } from "./api.ts";
import type { ConsoleSource, ConsoleTable } from "./console-source.ts";
import { metricSeries } from "./day-series.ts";
import type { Row } from "./item-history.ts";

/** Metrics and requests are paid for. */
const FRESH_MS = 60_000;
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
        run: undefined,
      };
    },
  });
  return {
    freshMs: FRESH_MS,
    dialect: athena,
    tables: async () => {
      const tables: ConsoleTable[] = [];
      for (const deployment of stack.deployments) {
        const opened = await openTable(stack.lakeOf(deployment).store, deployment.table);
        if (opened !== undefined) tables.push(tableOf(deployment, opened));
      }
      return tables;
    },
    table: async (name) => {
      const deployment = chosenDeployment(stack.deployments, name);
      return tableOf(deployment, await deployedTable(stack.lakeOf(deployment), deployment.table));
    },
    relations: () => relationsOf(stack),
    series: (tables, nowSeconds) => seriesOf(stack, tables, nowSeconds),
    ask: (signal) => (sql) => rowsOf(stack, sql, askedAboveBytes, signal),
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

async function rowsOf(
  stack: OpenedStack,
  sql: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const statement = stackStatement(sql);
  const { bytesAtMost } = await statementPrice(stack, statement);
  // breakage: console-item-asks-before-it-pays
  if (bytesAtMost > bytesMax)
    throw new DynalakeError(
      "USAGE",
      `looking for one item may read up to ${bytesAtMost.toLocaleString("en-US")} bytes`,
      {
        next: "Ask for its history on the SQL page, or start the console with a higher --confirm-above.",
      },
    );
  const { pages } = await runStackQuery(stack, statement, { signal });
  const found: Row[] = [];
  for await (const { columns, rows } of pages)
    found.push(
      ...rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null]))),
    );
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
    () => new Map<string, TableMetricDay>(),
  );
  return new Map([...days].map(([table, day]) => [table, metricSeries(day, nowSeconds)]));
}
