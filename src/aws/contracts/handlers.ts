/**
 * What a deployment and its functions agree on. Both sides import the files of this folder: the constructs in infra, which write
 * it into templates, and the handlers, which go by it. They import zod and the core alone, so that no app gets the SDK from them.
 *
 * The functions: each is an entry in handlers/, which build.mjs bundles and infra deploys.
 */
export const HANDLERS = [
  "stream",
  "begin-snapshot",
  "snapshot-part",
  "plan-seed",
  "plan-compaction",
  "commit",
  "publish-views",
  "clean",
] as const;

export type HandlerName = (typeof HANDLERS)[number];
