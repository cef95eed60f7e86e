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

/** The source that a function is of, by its name in the registry. */
interface SourceVariables {
  readonly SOURCE: string;
}

/** What each handler has besides. */
export interface OwnVariables {
  readonly stream: SourceVariables & MaskVariables;
  readonly source: SourceVariables & {
    /** The key that encrypts the lake, if it has one of its own. */
    readonly LAKE_KEY_ARN?: string | undefined;
    /** The role by which a table of another account is exported. */
    readonly OWNER_ROLE_ARN?: string | undefined;
    /** The lake's account, where the table is in another one. */
    readonly LAKE_ACCOUNT?: string | undefined;
  };
  readonly "snapshot-part": SourceVariables & MaskVariables;
  readonly register: {
    /** The name of the function that is run after each deployment. */
    readonly TICK_FUNCTION: string;
  };
  readonly tick: {
    /** The name of the function that vacuums. */
    readonly CLEAN_FUNCTION: string;
  };
  readonly "begin-run": object;
  readonly "plan-seed": object;
  readonly "plan-compaction": object;
  readonly commit: object;
  readonly "publish-views": object;
  readonly clean: object;
}

export type VariablesOf<Handler extends HandlerName> = LakeVariables & OwnVariables[Handler];

/** The same as a stack writes it: every variable is text. */
export type EnvironmentOf<Handler extends HandlerName> = {
  readonly [Name in keyof OwnVariables[Handler]]: string;
};

/** An ARN or a name. */
const given = z.string().check(z.minLength(1));

const lakeShape: z.ZodMiniType<LakeVariables> = z.object({
  LAKE_BUCKET: given,
  LAKE_DATABASE: given,
  LAKE_WORKGROUP: given,
});

const maskShape = { MASK_KEY_SECRET_ARN: z.optional(given) };

const sourceShape = { SOURCE: given };

const ownShapes: { readonly [Handler in HandlerName]: z.ZodMiniType<OwnVariables[Handler]> } = {
  stream: z.object({ ...sourceShape, ...maskShape }),
  source: z.object({
    ...sourceShape,
    LAKE_KEY_ARN: z.optional(given),
    OWNER_ROLE_ARN: z.optional(given),
    LAKE_ACCOUNT: z.optional(given),
  }),
  "snapshot-part": z.object({ ...sourceShape, ...maskShape }),
  register: z.object({ TICK_FUNCTION: given }),
  tick: z.object({ CLEAN_FUNCTION: given }),
  "begin-run": z.object({}),
  "plan-seed": z.object({}),
  "plan-compaction": z.object({}),
  commit: z.object({}),
  "publish-views": z.object({}),
  clean: z.object({}),
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
