/** The console's app over a lake that answers with what a test gives it, and requests as a browser sends them. */
import type { LakeOverview, TableDetails } from "../../../src/console/api.ts";
import { ConsoleAccess } from "../../../src/console/console-access.ts";
import { consoleApp } from "../../../src/console/console-app.ts";
import type { ConsoleLake } from "../../../src/console/console-lake.ts";
import type { AskedStatement } from "../../../src/console/statements.ts";

export const HOST = "localhost:4747";

const place = { kind: "folder", name: "lake", option: "--lake lake" } as const;
const OVERVIEW: LakeOverview = { place, nowSeconds: 1, run: undefined, tables: [], findings: [] };

export interface AskedApp {
  readonly access: ConsoleAccess;
  /** What reached the lake. */
  readonly asked: unknown[];
  /** How often a page without a session asked. */
  readonly strangers: () => number;
  ask(path: string, request?: RequestInit & { readonly headers?: Record<string, string> }): Promise<Response>;
  /** As the page asks, which has a session. */
  own(path: string, body?: unknown): Promise<Response>;
}

export function askedApp(answers: Partial<ConsoleLake> = {}): AskedApp {
  const access = new ConsoleAccess([], () => 0);
  const asked: unknown[] = [];
  let strangers = 0;
  const lake: ConsoleLake = {
    place,
    overview: async () => OVERVIEW,
    relations: async () => [],
    table: async (name) => {
      asked.push(name);
      return { name } as TableDetails;
    },
    quarantine: async () => ({ groups: [], records: [], unreadFiles: 0 }),
    item: async (table, key) => {
      asked.push({ table, key });
      return { table, versions: [], cut: false, isPresent: false };
    },
    ...answers,
  };
  const statements = {
    past: [],
    answer: (statement: AskedStatement) => {
      asked.push(statement);
      return new Blob(["{}\n"]).stream();
    },
  };
  const files = {
    write: async (statement: AskedStatement, format: string) => {
      asked.push({ ...statement, format });
      return { bytes: 2, content: new Blob(["ab"]).stream() };
    },
  };
  const page = new Map(
    Object.entries({
      "index.html": { content: bytesOf("<meta content=__NONCE__>"), type: "text/html; charset=utf-8" },
      "main.js": { content: bytesOf("1"), type: "text/javascript; charset=utf-8" },
    }),
  );
  const app = consoleApp({ lake, statements, files, access, page, onStranger: () => strangers++ });
  const ask: AskedApp["ask"] = async (path, { headers, ...request } = {}) =>
    app.request(`http://${HOST}${path}`, { ...request, headers: { host: HOST, ...headers } });
  return {
    access,
    asked,
    strangers: () => strangers,
    ask,
    own: (path, body) => {
      const headers = {
        cookie: `${access.cookieName}=${access.cookie}`,
        "x-dynalake-secret": access.secret,
        origin: `http://${HOST}`,
        "sec-fetch-site": "same-origin",
      };
      if (body === undefined) return ask(path, { headers });
      const json = { ...headers, "content-type": "application/json" };
      return ask(path, { method: "POST", headers: json, body: JSON.stringify(body) });
    },
  };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
