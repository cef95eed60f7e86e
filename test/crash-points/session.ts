/** The DuckDB behind the in-memory lakes of a test file. */
import { tmpdir } from "node:os";
import { afterAll, beforeAll } from "@jest/globals";
import { type DuckdbSession, openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";

/** Opens DuckDB for the tests of the calling file. Afterwards, prints how many points they tried. */
export function sessionOfTests(whatWasTried?: () => string): () => DuckdbSession {
  let session: DuckdbSession | undefined;
  beforeAll(async () => {
    session = await openDuckdb({ threads: 1, memoryMegabytes: 300, temporaryFolder: tmpdir() });
  });
  afterAll(async () => {
    await session?.close();
    if (whatWasTried !== undefined) console.info(whatWasTried());
  });
  return () => {
    if (session === undefined) throw new Error("the session is there while tests run");
    return session;
  };
}

/** How many points each test tried, and their sum. */
export class Counts {
  readonly #counts: Record<string, number> = {};

  set(name: string, count: number): void {
    this.#counts[name] = count;
  }

  sum(): number {
    return Object.values(this.#counts).reduce((a, b) => a + b, 0);
  }

  told(what: string): string {
    return `${this.sum()} ${what}: ${JSON.stringify(this.#counts)}`;
  }
}
