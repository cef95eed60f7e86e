/** The protocol of CloudFormation's custom resources: the event, and the answer that it waits for at a presigned address. */
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { checkedShape } from "../../core/checked-shape.ts";
import { DynalakeError } from "../../core/error.ts";
import { CUSTOM_RESOURCES, type CustomResourceKind } from "../contracts/registry.ts";
import {
  glueTablesConfiguration,
  lakeConfiguration,
  sourceConfiguration,
  tableConfiguration,
} from "../contracts/registry-files.ts";
import {
  type RegisterContext,
  registerGlueTables,
  registerLake,
  registerSource,
  registerTable,
  removeSource,
  removeTable,
} from "./register.ts";

export interface CustomResourceEvent {
  readonly RequestType: "Create" | "Update" | "Delete";
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly ResourceType: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string | undefined;
  readonly ResourceProperties: {
    /** JSON text: the configuration of what is registered. */
    readonly Configuration: string;
    /** JSON text: the schema of a lake table. */
    readonly Schema?: string | undefined;
  };
}

const text = z.string().check(z.minLength(1));

export const customResourceEvent: z.ZodMiniType<CustomResourceEvent> = z.object({
  RequestType: z.enum(["Create", "Update", "Delete"]),
  ResponseURL: text,
  StackId: text,
  RequestId: text,
  ResourceType: text,
  LogicalResourceId: text,
  PhysicalResourceId: z.optional(text),
  ResourceProperties: z.object({ Configuration: text, Schema: z.optional(text) }),
});

export interface CustomResourceAnswer {
  readonly Status: "SUCCESS" | "FAILED";
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

/** A reason is shown by the deployment; CloudFormation takes 4 KiB of an answer. */
const REASON_CHARACTERS_MAX = 1000;

/** The name of a resource that could not be made. */
const NEVER_MADE = "none";

/** Does what the event asks for. A failure is an answer, too: CloudFormation would wait for an hour for one that never comes. */
export async function answerCustomResource(
  context: RegisterContext,
  event: CustomResourceEvent,
): Promise<CustomResourceAnswer> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const named = { StackId, RequestId, LogicalResourceId };
  // What kept it from being made must not keep the stack from rolling back.
  if (event.RequestType === "Delete" && event.PhysicalResourceId === NEVER_MADE)
    return { Status: "SUCCESS", ...named, PhysicalResourceId: NEVER_MADE }; // breakage: failed-creation-rolls-back
  try {
    // What is deleted is deleted under the name that it has.
    const name = event.RequestType === "Delete" ? (event.PhysicalResourceId ?? "") : resourceName(event);
    await register(context, event, name);
    return { Status: "SUCCESS", ...named, PhysicalResourceId: name };
  } catch (error) {
    const told =
      error instanceof DynalakeError ? `${error.message}. ${error.next}` : "see the function's log";
    const Reason = told.slice(0, REASON_CHARACTERS_MAX);
    return { Status: "FAILED", Reason, ...named, PhysicalResourceId: event.PhysicalResourceId ?? NEVER_MADE };
  }
}

/**
 * What identifies the resource. It names what is registered, so that another table is another resource: CloudFormation then has
 * the former one deleted. A new one is named by its request as well, so that repeating the request gives the same.
 */
function resourceName({ PhysicalResourceId, RequestId, ResourceProperties }: CustomResourceEvent): string {
  const { Configuration, Schema = "{}" } = ResourceProperties;
  const [{ source = "" }, { table = "" }] = [asObject(Configuration), asObject(Schema)];
  const registered = hashOf(`${String(source)} ${String(table)}`, 8);
  if (PhysicalResourceId?.startsWith(`${registered}-`)) return PhysicalResourceId;
  return `${registered}-${hashOf(RequestId, 16)}`;
}

function hashOf(what: string, digits: number): string {
  return createHash("sha256").update(what).digest("hex").slice(0, digits);
}

async function register(context: RegisterContext, event: CustomResourceEvent, name: string): Promise<void> {
  const { Configuration, Schema } = event.ResourceProperties;
  const given = { ...asObject(Configuration), ...(Schema === undefined ? {} : { schema: asObject(Schema) }) };
  const isGoing = event.RequestType === "Delete";
  const work: Readonly<Record<CustomResourceKind, () => Promise<void>>> = {
    // The bucket stays, and with it what it says of itself.
    lake: async () => (isGoing ? undefined : registerLake(context, checked(lakeConfiguration, given))),
    glueTables: async () =>
      isGoing ? undefined : registerGlueTables(context, checked(glueTablesConfiguration, given)),
    source: async () => {
      const source = checked(sourceConfiguration, given);
      await (isGoing ? removeSource(context, source, name) : registerSource(context, source, name));
    },
    table: async () => {
      const table = checked(tableConfiguration, given);
      await (isGoing ? removeTable(context, table, name) : registerTable(context, table, name));
    },
  };
  const kind = Object.keys(work).find(
    (each) => CUSTOM_RESOURCES[each as CustomResourceKind] === event.ResourceType,
  );
  if (kind === undefined) throw invalid(`${event.ResourceType} is not a custom resource of dynalake`);
  await work[kind as CustomResourceKind]();
}

function asObject(json: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    throw invalid("the configuration is not JSON");
  }
}

function checked<T>(shape: z.ZodMiniType<T>, given: unknown): T {
  const result = checkedShape(shape, given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`the configuration is not valid: ${issue?.path.join(".")}: ${issue?.message}`);
}

function invalid(message: string): DynalakeError {
  return new DynalakeError("INPUT_INVALID", message);
}
