/**
 * Runs a template's state machine in this process: the subset of the Amazon States Language that the deployment uses, with
 * functions and services played by a test. An execution that failed can be redriven: it goes on with the state that failed, and with
 * those children of a distributed map that have not succeeded (AWS: "Restarting state machine executions with redrive").
 */
import { flat, type Resource } from "./support.ts";

type Json = unknown;
type Context = Readonly<Record<string, Json>>;

export interface World {
  /** Plays the function or service of a resource; throws a `TaskError` to fail. */
  readonly task: (resource: string, input: Json) => Json;
  /** The lines of an object. */
  readonly lines?: (key: string) => readonly Json[];
  /** Gets what a redrive goes on with. */
  readonly onFailure?: (unfinished: Unfinished) => void;
}

/** Where an execution has failed. */
export interface Unfinished {
  readonly state: string;
  /** The state's input. */
  readonly data: Json;
  /** The children of a distributed map that have succeeded, by their indexes. */
  readonly done: ReadonlySet<number>;
}

export class TaskError extends Error {
  /** Of a distributed map. */
  done: ReadonlySet<number> = new Set();
  /** Of the outermost state that it has ended. */
  unfinished: Unfinished | undefined;

  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

export type Outcome =
  | { readonly status: "SUCCEEDED"; readonly output: Json }
  | { readonly status: "FAILED"; readonly error: string; readonly cause: string };

export interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: true;
  // biome-ignore lint/suspicious/noExplicitAny: a state's members depend on its type.
  readonly [member: string]: any;
}

export interface Definition {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, State>>;
}

interface Processor extends Definition {
  readonly ProcessorConfig: { readonly Mode: "DISTRIBUTED" | "INLINE" };
}

export function definitionOf(machine: Resource): Definition {
  return JSON.parse(flat(machine.Properties.DefinitionString));
}

const STEPS_MAX = 500;
/** AWS: "Step Functions service quotas", for the input and the output of a state. */
const STATE_BYTES_MAX = 256 * 1024;

/** `redriven` is what an execution of this machine has left. */
export function executeMachine(
  definition: Definition,
  input: Json,
  world: World,
  redriven?: Unfinished,
): Outcome {
  const context = {
    Execution: { Id: "arn:execution", Name: "execution-name", Input: input },
    StateMachine: { Id: "arn:machine" },
  };
  try {
    return { status: "SUCCEEDED", output: runStates(definition, input, context, world, redriven) };
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    if (error.unfinished !== undefined) world.onFailure?.(error.unfinished);
    return { status: "FAILED", error: error.name, cause: error.message };
  }
}

function runStates(
  definition: Definition,
  input: Json,
  context: Context,
  world: World,
  redriven?: Unfinished,
): Json {
  let { state: name, data, done } = redriven ?? { state: definition.StartAt, data: input, done: new Set() };
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const state = definition.States[name];
    if (state === undefined) throw new Error(`state ${name} does not exist`);
    try {
      const after = runState(state, data, context, world, done);
      requireSmall(after.data);
      if (state.End) return after.data;
      [name, data] = [after.next ?? state.Next ?? "", after.data];
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      error.unfinished = { state: name, data, done: error.done };
      const catcher = state.Catch?.find(({ ErrorEquals }: State) =>
        [error.name, "States.ALL"].some((name) => ErrorEquals.includes(name)),
      );
      if (catcher === undefined) throw error;
      const told = { Error: error.name, Cause: error.message };
      [name, data] = [catcher.Next, placed(data, catcher.ResultPath, told)];
    }
    done = new Set();
  }
  throw new Error(`more than ${STEPS_MAX} steps`);
}

function requireSmall(data: Json): void {
  if (Buffer.byteLength(JSON.stringify(data) ?? "") > STATE_BYTES_MAX)
    throw new TaskError("States.DataLimitExceeded", "The state returned a result larger than 262144 bytes");
}

function runState(
  state: State,
  data: Json,
  context: Context,
  world: World,
  done: ReadonlySet<number>,
): { data: Json; next?: string } {
  const input = state.InputPath === undefined ? data : pathValue(state.InputPath, data, context);
  switch (state.Type) {
    case "Pass": {
      const made = state.Result ?? (state.Parameters ? filled(state.Parameters, input, context) : input);
      return { data: outputOf(state, placed(data, state.ResultPath, made), context) };
    }
    case "Wait":
      return { data };
    case "Choice": {
      const choice = state.Choices.find((rule: State) => holds(rule, data, context));
      return { data, next: choice?.Next ?? state.Default };
    }
    case "Task": {
      const event = state.Parameters ? filled(state.Parameters, input, context) : input;
      const answer = world.task(state.Resource, event);
      const result = state.ResultSelector ? filled(state.ResultSelector, answer, context) : answer;
      return { data: outputOf(state, placed(data, state.ResultPath, result), context) };
    }
    case "Map": {
      const answers = runMap(state, data, context, world, done);
      requireSmall(answers);
      return { data: placed(data, state.ResultPath, answers) };
    }
    case "Fail":
      throw new TaskError(
        String(pathValue(state.ErrorPath, data, context)),
        String(pathValue(state.CausePath, data, context)),
      );
    default:
      throw new Error(`state type ${state.Type} is not supported`);
  }
}

/** The answers of its children, or where they were written. Children that are done already are not run again. */
function runMap(state: State, data: Json, context: Context, world: World, done: ReadonlySet<number>): Json {
  const succeeded = new Set(done);
  const answers: Json[] = [];
  for (const [index, value] of itemsOf(state, data, context, world).entries()) {
    if (done.has(index)) continue;
    const own = { ...context, Map: { Item: { Index: index, Value: value } } };
    try {
      answers.push(runItem(state.ItemProcessor, filled(state.ItemSelector, data, own), own, world));
      succeeded.add(index);
    } catch (error) {
      if (error instanceof TaskError) error.done = succeeded;
      throw error;
    }
  }
  return state.ResultWriter === undefined ? answers : { MapRunArn: "arn:map-run" };
}

/** A distributed map fails by its own error, whatever has failed in it. */
function runItem(processor: Processor, input: Json, context: Context, world: World): Json {
  try {
    return runStates(processor, input, context, world);
  } catch (error) {
    if (!(error instanceof TaskError) || processor.ProcessorConfig.Mode !== "DISTRIBUTED") throw error;
    throw new TaskError(
      "States.ExceedToleratedFailureThreshold",
      "The specified tolerated failure threshold was exceeded",
    );
  }
}

/** The lines of an object, or an array. */
function itemsOf(state: State, data: Json, context: Context, world: World): readonly Json[] {
  if (state.ItemReader === undefined) return pathValue(state.ItemsPath, data, context) as readonly Json[];
  const { Key } = filled(state.ItemReader.Parameters, data, context) as { Key: string };
  return world.lines?.(Key) ?? [];
}

function outputOf(state: State, data: Json, context: Context): Json {
  return state.OutputPath === undefined ? data : pathValue(state.OutputPath, data, context);
}

/** The input with the result added at a path. */
function placed(data: Json, path: string | null | undefined, result: Json): Json {
  if (path === null) return data;
  if (path === undefined || path === "$") return result;
  const [head, ...rest] = path.slice(2).split(".");
  const object = (data ?? {}) as Readonly<Record<string, Json>>;
  const inner = rest.length === 0 ? result : placed(object[head as string], `$.${rest.join(".")}`, result);
  return { ...object, [head as string]: inner };
}

function filled(template: Json, data: Json, context: Context): Json {
  if (Array.isArray(template)) return template.map((each) => filled(each, data, context));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith(".$")
        ? [name.slice(0, -2), expressionValue(value as string, data, context)]
        : [name, filled(value, data, context)],
    ),
  );
}

function expressionValue(text: string, data: Json, context: Context): Json {
  const call = /^States\.(\w+)\((.*)\)$/s.exec(text);
  if (call === null) return pathValue(text, data, context);
  const [, name, inner = ""] = call;
  const values = argumentsOf(inner).map((argument) => {
    if (argument.startsWith("'")) return argument.slice(1, -1);
    if (argument === "false") return false;
    return expressionValue(argument, data, context);
  });
  switch (name) {
    case "Array":
      return values;
    case "JsonMerge":
      return { ...(values[0] as object), ...(values[1] as object) };
    case "JsonToString":
      return JSON.stringify(values[0]);
    case "Format":
      return values
        .slice(1)
        .reduce<string>((made, value) => made.replace("{}", String(value)), String(values[0]));
    default:
      throw new Error(`States.${name} is not supported`);
  }
}

/** Splits at commas outside quotes and parentheses. */
function argumentsOf(text: string): readonly string[] {
  const found = text.match(/(?:'[^']*'|\([^()]*\)|[^,'()])+/g) ?? [];
  return found.map((argument) => argument.trim());
}

function pathValue(path: string, data: Json, context: Context): Json {
  const found = lookUp(path, data, context);
  if (found === undefined) throw new TaskError("States.Runtime", `there is nothing at ${path}`);
  return found;
}

function lookUp(path: string, data: Json, context: Context): Json {
  const from = path.startsWith("$$") ? context : data;
  const steps: readonly string[] = path.replace(/^\$+\.?/, "").match(/[^.[\]]+/g) ?? [];
  let values: readonly Json[] = [from];
  for (const step of steps) {
    values = values.flatMap((value) =>
      step === "*" ? (value as readonly Json[]) : [(value as Record<string, Json> | undefined)?.[step]],
    );
  }
  return steps.includes("*") ? values : values[0];
}

function holds(rule: State, data: Json, context: Context): boolean {
  if (rule.And) return rule.And.every((each: State) => holds(each, data, context));
  if (rule.Not) return !holds(rule.Not, data, context);
  const value = lookUp(rule.Variable, data, context);
  if (rule.IsPresent !== undefined) return (value !== undefined) === rule.IsPresent;
  if (value === undefined) throw new TaskError("States.Runtime", `there is nothing at ${rule.Variable}`);
  if (rule.BooleanEquals !== undefined) return value === rule.BooleanEquals;
  if (rule.StringEquals !== undefined) return value === rule.StringEquals;
  if (rule.StringEqualsPath !== undefined) return value === lookUp(rule.StringEqualsPath, data, context);
  if (rule.NumericEquals !== undefined) return value === rule.NumericEquals;
  if (rule.NumericGreaterThan !== undefined) return Number(value) > rule.NumericGreaterThan;
  throw new Error(`unsupported rule: ${JSON.stringify(rule)}`);
}
