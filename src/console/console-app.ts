/** The console's routes. Every answer carries the policy of the page; everything about the lake asks for cookie and secret. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { getCookie, setCookie } from "hono/cookie";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod/mini";
import { checkedShape } from "../core/checked-shape.ts";
import { DynalakeError } from "../core/error.ts";
import { apiError } from "./api-error.ts";
import type { ConsoleAccess } from "./console-access.ts";
import type { ConsoleLake } from "./console-lake.ts";
import type { PageFile } from "./page-files.ts";
import { newNonce, pageHeaders } from "./page-headers.ts";
import { FILE_FORMATS, type ResultFiles } from "./result-files.ts";
import type { Statements } from "./statements.ts";

/** The page sends it with each request: a form or an image of another site cannot. */
const SECRET_HEADER = "x-dynalake-secret";
const BODY_BYTES_MAX = 1024 * 1024;
/** In index.html, in place of the nonce of an answer. */
const NONCE = "__NONCE__";
const STATUSES: ReadonlyMap<string, ContentfulStatusCode> = new Map([
  ["LAKE_NOT_FOUND", 404],
  ["USAGE", 400],
  ["SQL_FAILED", 400],
  ["AS_OF_UNKNOWN", 400],
]);

export interface ConsoleParts {
  readonly lake: ConsoleLake;
  readonly statements: Pick<Statements, "answer" | "past">;
  readonly files: Pick<ResultFiles, "write">;
  readonly access: ConsoleAccess;
  readonly page: ReadonlyMap<string, PageFile>;
  /** A page without a session asks: the terminal can show a new link. */
  readonly onStranger: () => void;
}

export function consoleApp(parts: ConsoleParts): Hono {
  const { lake, statements, files, access, page } = parts;
  const app = new Hono();
  app.use(ownAddress(access));
  const onError = (c: Context): Response => refusal(c, 413, "the request is too large");
  app.use("/api/*", bodyLimit({ maxSize: BODY_BYTES_MAX, onError }));
  app.get("/", (c) => index(c, page));
  app.get("/:file{[A-Za-z0-9._-]+}", (c) => asset(c, page.get(c.req.param("file"))));
  app.post("/api/session", async (c) => {
    const { token } = await bodyOf(c, tokenShape);
    if (!access.takeToken(token)) return stranger(c, parts);
    setCookie(c, access.cookieName, access.cookie, { httpOnly: true, sameSite: "Strict", path: "/" });
    return c.json({ secret: access.secret });
  });
  app.use("/api/*", async (c, next) => {
    const shown = { cookie: getCookie(c, access.cookieName), secret: c.req.header(SECRET_HEADER) };
    if (!access.allows(shown)) return stranger(c, parts); // breakage: console-api-asks-who
    return next();
  });
  app.get("/api/lake", async (c) => c.json(await lake.overview()));
  app.get("/api/relations", async (c) => c.json(await lake.relations()));
  app.get("/api/tables/:table", async (c) => c.json(await lake.table(c.req.param("table"))));
  app.get("/api/quarantine", async (c) => c.json(await lake.quarantine()));
  app.post("/api/item", async (c) => {
    const { table, key } = await bodyOf(c, itemShape);
    return c.json(await lake.item(table, key, c.req.raw.signal));
  });
  app.get("/api/statements", (c) => c.json(statements.past));
  app.post("/api/statements", async (c) => {
    const { sql, asOfSeconds, agreedBytes } = await bodyOf(c, runShape);
    return c.body(statements.answer({ sql, asOfSeconds }, agreedBytes), 200, {
      "content-type": "application/x-ndjson",
    });
  });
  app.post("/api/files", async (c) => {
    const { sql, asOfSeconds, format } = await bodyOf(c, fileShape);
    const { bytes, content } = await files.write({ sql, asOfSeconds }, format, c.req.raw.signal);
    const headers = { "content-type": "application/octet-stream", "content-length": String(bytes) };
    return c.body(content, 200, headers);
  });
  app.notFound((c) => refusal(c, 404, "there is nothing at this address"));
  app.onError((error, c) => failure(c, error));
  return app;
}

const tokenShape = z.object({ token: z.string() });
const statementShape = z.object({ sql: z.string(), asOfSeconds: z.optional(z.number().check(z.minimum(0))) });
const runShape = z.extend(statementShape, { agreedBytes: z.optional(z.number().check(z.minimum(0))) });
const fileShape = z.extend(statementShape, { format: z.enum(FILE_FORMATS) });
const itemShape = z.object({ table: z.string(), key: z.record(z.string(), z.string()) });

/** Lets through what a page of the console's own address sends, and gives the answer its headers. */
function ownAddress(access: ConsoleAccess): MiddlewareHandler {
  return async (c, next) => {
    const nonce = newNonce();
    for (const [name, value] of Object.entries(pageHeaders(nonce))) c.header(name, value);
    c.set("nonce", nonce);
    const host = c.req.header("host");
    const site = c.req.header("sec-fetch-site") ?? "none";
    if (!access.allowsHost(host))
      return refusal(
        c,
        403,
        "this host name is not the console's",
        "Start it with --allowed-host NAME to add one.",
      );
    if (!access.allowsOrigin(c.req.header("origin"), host)) return refusal(c, 403, "another origin asks");
    // A link on another site may open the page, which has no data in it.
    if (c.req.path !== "/" && site !== "same-origin" && site !== "none")
      return refusal(c, 403, "another site asks");
    return next();
  };
}

function index(c: Context, page: ReadonlyMap<string, PageFile>): Response {
  const file = page.get("index.html");
  if (file === undefined) return c.notFound() as Response;
  const text = new TextDecoder().decode(file.content).replace(NONCE, c.get("nonce"));
  return c.body(text, 200, { "content-type": file.type });
}

function asset(c: Context, file: PageFile | undefined): Response {
  if (file === undefined) return refusal(c, 404, "there is nothing at this address");
  return c.body(file.content, 200, { "content-type": file.type });
}

/** The JSON of a request's body, checked. Throws USAGE. */
async function bodyOf<T>(c: Context, shape: z.ZodMiniType<T>): Promise<T> {
  const isJson = /^application\/json\b/.test(c.req.header("content-type") ?? "");
  // breakage: console-takes-json-alone
  if (!isJson) throw new DynalakeError("USAGE", "the request is not JSON");
  const json: unknown = await c.req.json().catch(() => undefined);
  const checked = checkedShape(shape, json);
  if (checked.success) return checked.data;
  throw new DynalakeError("USAGE", "the request has another form than the page's", { cause: checked.error });
}

function stranger(c: Context, { onStranger }: ConsoleParts): Response {
  onStranger();
  return refusal(
    c,
    401,
    "this page has no session",
    "Open the link that the terminal with `dynalake ui` shows.",
  );
}

function refusal(c: Context, status: ContentfulStatusCode, message: string, next?: string): Response {
  return c.json({ error: { code: "REFUSED", message, ...(next === undefined ? {} : { next }) } }, status);
}

function failure(c: Context, error: unknown): Response {
  return c.json({ error: apiError(error) }, statusOf(error));
}

function statusOf(error: unknown): ContentfulStatusCode {
  return (error instanceof DynalakeError ? STATUSES.get(error.code) : undefined) ?? 500;
}
