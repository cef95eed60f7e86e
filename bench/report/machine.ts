/** What figures were measured on and with. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** Such as "2 cores of AMD EPYC, 16 GB of memory". */
export function machineLine(): string {
  const model = cpus()[0]?.model.trim() ?? "an unknown processor";
  return `${availableParallelism()} cores of ${model}, ${(totalmem() / 1024 ** 3).toFixed(0)} GB of memory`;
}

/** Such as "Node.js 20.20.2, DuckDB 1.5.6". */
export function versionsLine(): string {
  return `Node.js ${process.versions.node}, DuckDB ${duckdbVersion()}`;
}

/** The engine's version is that of its binding, without the binding's own release. */
function duckdbVersion(): string {
  const path = fileURLToPath(new URL("../../package.json", import.meta.url));
  const { dependencies } = JSON.parse(readFileSync(path, "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return dependencies["@duckdb/node-api"]?.replace(/-r\..*/, "") ?? "unknown";
}
