/** The environment of the functions: what a stack gives each of them, and what its handler reads. */
import * as z from "zod/mini";
import { checkedShape } from "../../core/checked-shape.ts";
import type { HandlerName } from "./handlers.ts";

/** What every function has: where its lake lies. */
export interface LakeVariables {
  readonly LAKE_BUCKET: string;
  readonly LAKE_DATABASE: string;
  readonly LAKE_WORKGROUP: string;
}

interface MaskVariables {
  /** The secret with the key of masked columns, if there is one. */
  readonly MASK_KEY_SECRET_ARN?: string | undefined;
}

/** What each handler has besides. */
export interface OwnVariables {
  readonly stream: MaskVariables & {
    /** The name of the delivery stream. */
    readonly DELIVERY_STREAM: string;
    /** How long Firehose may keep using the previous columns. */
    readonly SCHEMA_SETTLE_SECONDS: number;
  };
  readonly "begin-snapshot": {
    readonly SOURCE_TABLE_ARN: string;
    /** The key that encrypts the lake, if it has one of its own. */
    readonly LAKE_KEY_ARN?: string | undefined;
  };
  readonly "snapshot-part": MaskVariables;
  readonly "plan-seed": object;
  readonly "plan-compaction": {
    readonly SOURCE_TABLE_ARN: string;
    /** The id of the event source mapping, whose failed batches are this table's. */
    readonly EVENT_SOURCE_MAPPING: string;
    /** So long a change waits in buffers on its way, at most. */
    readonly BUFFER_SECONDS: number;
    readonly SCHEMA_SETTLE_SECONDS: number;
  };
  readonly commit: object;
  readonly "publish-views": object;
  readonly clean: {
    /** How long past states of the table can be queried. */
    readonly RETENTION_HOURS: number;
  };
}

export type VariablesOf<Handler extends HandlerName> = LakeVariables & OwnVariables[Handler];

/** The same as a stack writes it: every variable is text. */
export type EnvironmentOf<Handler extends HandlerName> = {
  readonly [Name in keyof OwnVariables[Handler]]: string;
};

/** An ARN or a name. */
const given = z.string().check(z.minLength(1));
const whole = z.pipe(z.string().check(z.regex(/^\d{1,15}$/)), z.transform(Number));

const lakeShape: z.ZodMiniType<LakeVariables> = z.object({
  LAKE_BUCKET: given,
  LAKE_DATABASE: given,
  LAKE_WORKGROUP: given,
});

const maskShape = { MASK_KEY_SECRET_ARN: z.optional(given) };

const ownShapes: { readonly [Handler in HandlerName]: z.ZodMiniType<OwnVariables[Handler]> } = {
  stream: z.object({ DELIVERY_STREAM: given, SCHEMA_SETTLE_SECONDS: whole, ...maskShape }),
  "begin-snapshot": z.object({ SOURCE_TABLE_ARN: given, LAKE_KEY_ARN: z.optional(given) }),
  "snapshot-part": z.object(maskShape),
  "plan-seed": z.object({}),
  "plan-compaction": z.object({
    SOURCE_TABLE_ARN: given,
    EVENT_SOURCE_MAPPING: given,
    BUFFER_SECONDS: whole,
    SCHEMA_SETTLE_SECONDS: whole,
  }),
  commit: z.object({}),
  "publish-views": z.object({}),
  clean: z.object({ RETENTION_HOURS: whole }),
};

/** What a handler reads from its environment; nothing else of the functions reads it. Throws where a variable is missing. */
export function variablesOf<Handler extends HandlerName>(
  handler: Handler,
  environment: Readonly<Record<string, string | undefined>>,
): VariablesOf<Handler> {
  const lake = checked(lakeShape, environment);
  const own = checked(ownShapes[handler] as z.ZodMiniType<OwnVariables[Handler]>, environment);
  return { ...lake, ...own };
}

function checked<T>(shape: z.ZodMiniType<T>, environment: Readonly<Record<string, string | undefined>>): T {
  const result = checkedShape(shape, environment);
  if (result.success) return result.data;
  const names = result.error.issues.map(({ path }) => path.join("."));
  throw new Error(`variables of the function are missing or not valid: ${names.join(", ")}`);
}
