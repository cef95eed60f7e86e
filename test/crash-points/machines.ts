import assert from "node:assert/strict";
import type { CleanEvent, PlanCompactionEvent, SavedPlan } from "../../src/aws/contracts/steps.ts";
import { publishViews } from "../../src/aws/publish-views.ts";
import { readExport } from "../../src/aws/source-export.ts";
import { beginExport } from "../../src/aws/steps/begin-export.ts";
import { beginRun } from "../../src/aws/steps/begin-run.ts";
import { clean } from "../../src/aws/steps/clean.ts";
import { commitStep } from "../../src/aws/steps/commit-step.ts";
import { planCompaction } from "../../src/aws/steps/plan-compaction.ts";
import { planSeedStep } from "../../src/aws/steps/plan-seed.ts";
import { snapshotPart } from "../../src/aws/steps/snapshot-part.ts";
import type { LakeContext, StepContext } from "../../src/aws/steps/step-context.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { isPassingFailure } from "../../src/sdk/aws-error.ts";
import { type Deployment, SOURCE } from "./deployment.ts";
import { SOURCE_TABLE_ARN } from "./export-service.ts";
import { Faults, NoAnswer } from "./faults.ts";
import { TABLE } from "./world.ts";

/** The executions of a deployment's state machines, with a fault at a requested point. */

/** How a state machine invokes a function. */
export type Invoker = <T>(invocation: () => Promise<T>) => Promise<T>;

/** Any error that the state machine does not retry ends the execution. */
export const once: Invoker = (invocation) => invocation();

/** Invokes a function again after a failed call or a lost answer. */
export const again: Invoker = async (invocation) => {
  try {
    return await invocation();
  } catch (error) {
    if (!isPassing(error)) throw error;
    return invocation();
  }
};

/** Invokes every function twice, also without a fault. */
export const twice: Invoker = async (invocation) => {
  await invocation();
  return invocation();
};

/** An error of a fault, either unchanged or as the steps report it. */
export function isKnown(error: unknown): boolean {
  return error instanceof NoAnswer || error instanceof DynalakeError;
}

function isPassing(error: unknown): boolean {
  return isKnown(error) && isPassingFailure(error);
}

/** The name of the failed call. */
export const A_STATEMENT = "a statement";

export class Execution {
  readonly deployment: Deployment;
  readonly #faults: Faults;
  readonly #invoker: Invoker;

  constructor(deployment: Deployment, invoker: Invoker, faults: Faults = new Faults()) {
    this.deployment = deployment;
    this.#faults = faults;
    this.#invoker = invoker;
  }

  invoke<T>(step: (context: StepContext) => Promise<T>): Promise<T> {
    return this.#invoker(async () => step(await this.deployment.steps(this.#faults)));
  }

  /** A function that does not read the table. */
  invokeUnopened<T>(step: (context: LakeContext) => Promise<T>): Promise<T> {
    return this.#invoker(() => step(this.deployment.unopened(this.#faults)));
  }

  /** No statement is run twice: one that failed ends the execution. */
  async stage(plan: SavedPlan): Promise<void> {
    const { engine, store } = this.deployment;
    const lines = (store.text(plan.statementsKey) ?? "").split("\n").filter((line) => line !== "");
    assert.equal(lines.length, plan.statements);
    for (const line of lines) {
      const { sql } = JSON.parse(line) as { readonly sql: string };
      await this.#faults
        .call(
          A_STATEMENT,
          () => engine.unload(sql),
          () => engine.unload(sql, 1),
        )
        .catch(failStatement);
    }
  }
}

function failStatement(cause: unknown): never {
  throw new DynalakeError("ENGINE_FAILED", "a statement failed", { cause });
}

export type Machine = (execution: Execution) => Promise<unknown>;

/** As in infra/compaction-machine.ts. */
export const compactionMachine: Machine = async (execution) => {
  const begin = { kind: "compaction", table: TABLE, execution: execution.deployment.newExecution() } as const;
  const { go } = await execution.invokeUnopened((context) => beginRun(context, begin));
  if (go !== "compact") return "conflict";
  let event: PlanCompactionEvent = { table: TABLE, scope: "all", settleSeconds: 0, done: [] };
  for (;;) {
    const plan = await execution.invoke((context) => planCompaction(context, event));
    if (plan.step === "publish") {
      await execution.invoke(publishViews);
      await cleanAfter(execution, plan.clean);
      return "succeeded";
    }
    if ((await stageAndCommit(execution, plan)) === "conflict") return "conflict";
    event = plan.next;
  }
};

/** As in infra/snapshot-machine.ts; `first` as the tick starts it. */
function snapshotMachineOf(first: boolean): Machine {
  return async (execution) => {
    const name = execution.deployment.newExecution();
    const begin = { kind: "snapshot", table: TABLE, execution: name, first } as const;
    const { go } = await execution.invokeUnopened((context) => beginRun(context, begin));
    if (go !== "export") return "skipped";
    const request = {
      execution: name,
      source: SOURCE,
      sourceTableArn: SOURCE_TABLE_ARN,
      kmsKeyArn: undefined,
    };
    const { run, exportPrefix } = await execution.invokeUnopened((context) => beginExport(context, request));
    const { files } = await readExport(execution.deployment.store, exportPrefix);
    for (const [index, file] of files.entries()) {
      const part = { run, index, ...file, maskKey: undefined };
      await execution.invoke((context) => snapshotPart(context, part));
    }
    const plan = await execution.invoke((context) =>
      planSeedStep(context, { table: TABLE, run, exportPrefix }),
    );
    const outcome = await stageAndCommit(execution, plan);
    if (outcome === "committed") await execution.invoke(publishViews);
    await cleanAfter(execution, { table: TABLE, run, exportPrefix });
    return outcome;
  };
}

export const snapshotMachine: Machine = snapshotMachineOf(false);
export const firstSnapshotMachine: Machine = snapshotMachineOf(true);

async function stageAndCommit(execution: Execution, plan: SavedPlan): Promise<"conflict" | "committed"> {
  await execution.stage(plan);
  return (await execution.invoke((context) => commitStep(context, plan.run))).outcome;
}

const HOURS_PER_WEEK = 168;

/** What the run needed goes, and the daily vacuum comes. */
async function cleanAfter(execution: Execution, named: CleanEvent): Promise<void> {
  for (const event of [named, { table: TABLE, vacuum: true }]) {
    const request = { ...event, source: SOURCE, retentionHours: HOURS_PER_WEEK };
    await execution.invokeUnopened((context) => clean({ ...context, isOver: () => false }, request));
  }
}
