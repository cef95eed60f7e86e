/**
 * What a deployment and its functions agree on. Both sides import the files of this folder: the constructs in infra, which write
 * it into templates, and the handlers, which go by it. They import zod and the core alone, so that no app gets the SDK from them.
 *
 * The functions: each is an entry in handlers/, which build.mjs bundles and infra deploys.
 */

/** One of each for a lake: they work on the table that their event names. */
export const LAKE_HANDLERS = [
  "register",
  "tick",
  "begin-run",
  "plan-seed",
  "plan-compaction",
  "commit",
  "publish-views",
  "clean",
] as const;

/** One of each for a source table: they alone have permissions on it, and on its mask key. */
export const SOURCE_HANDLERS = ["stream", "source", "snapshot-part"] as const;

export type LakeHandlerName = (typeof LAKE_HANDLERS)[number];
export type SourceHandlerName = (typeof SOURCE_HANDLERS)[number];
export type HandlerName = LakeHandlerName | SourceHandlerName;

export const HANDLERS: readonly HandlerName[] = [...LAKE_HANDLERS, ...SOURCE_HANDLERS];
