/** A deployed table in virtual time: its bucket, catalog and functions, and the table whose stream it follows. */
import { parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import type { DuckdbSession } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { Deployment } from "../../crash-points/deployment.ts";
import { type Ending, Faults, type Moment } from "../../crash-points/faults.ts";
import { again, Execution, type Invoker, isKnown, type Machine } from "../../crash-points/machines.ts";
import { Firehose, StreamFunction } from "../../crash-points/stream-function.ts";
import { TABLE } from "../../crash-points/world.ts";
import type { Random } from "../../support/random.ts";
import { Counts } from "../counts.ts";
import { EvolutionWatch } from "../evolution-watch.ts";
import { evolvingFile, evolvingValue } from "../evolving-item.ts";
import { itemOf } from "../model-table.ts";
import type { DeployedSettings } from "./settings.ts";

/** What was written of a key; undefined for its removal. */
export interface Written {
  readonly key: number;
  readonly value: string | undefined;
}

/** A function's instances come and go; so many are there at a time. */
const INSTANCES = 2;

export class DeployedWorld {
  readonly settings: DeployedSettings;
  readonly deployment: Deployment;
  readonly counts: Counts = new Counts();
  readonly changes: Written[] = [];
  /** The items of the source table. All of them are in the lake: what is written is delivered at once. */
  readonly items: Map<number, string> = new Map();
  /** The schemas that were deployed, the newest last. */
  readonly deployed: Schema[];
  readonly evolution: EvolutionWatch;
  /** When what the table's record names was first found, as it was last seen. */
  readonly since: Map<string, number> = new Map();
  stage = 0;
  readonly #firehose: Firehose;
  readonly #instances: StreamFunction[] = [];
  #sequence = 100;

  private constructor(settings: DeployedSettings, deployment: Deployment) {
    this.settings = settings;
    this.deployment = deployment;
    this.deployed = [deployment.schema];
    this.evolution = new EvolutionWatch(deployment.schema, this.counts);
    this.#firehose = new Firehose(deployment);
    for (let i = 0; i < INSTANCES; i++) this.beginInstance(i);
  }

  static async of(settings: DeployedSettings, session: DuckdbSession): Promise<DeployedWorld> {
    const deployment = new Deployment(session);
    deployment.nowSeconds = settings.startSeconds;
    await deployment.redeploy(parseSchema(evolvingFile(TABLE, settings), "the model's schema"));
    deployment.nowSeconds += 3600;
    return new DeployedWorld(settings, deployment);
  }

  /** Another instance of the stream function takes the place of this one. */
  beginInstance(number: number): void {
    this.#instances[number] = new StreamFunction(this.deployment, this.#firehose);
  }

  someInstance(random: Random): number {
    return random.integer(0, INSTANCES - 1);
  }

  advance(seconds: number): void {
    this.deployment.nowSeconds += seconds;
  }

  /** Writes an item, or removes it, which the stream brings at once. */
  async write(random: Random): Promise<string> {
    this.advance(1);
    const key = random.integer(1, this.settings.keys);
    const isRemoved = random.next() < 0.1;
    const value = isRemoved ? undefined : evolvingValue(this.changes.length, this.stage);
    await this.#bring({ key, value }, random);
    return `${key} becomes ${value ?? "nothing"}`;
  }

  async #bring(written: Written, random: Random): Promise<void> {
    const { key, value } = written;
    const record = {
      eventName: value === undefined ? "REMOVE" : "MODIFY",
      dynamodb: {
        Keys: { K: { N: String(key) } },
        SequenceNumber: String(++this.#sequence),
        ApproximateCreationDateTime: this.deployment.nowSeconds,
        ...(value === undefined ? {} : { NewImage: itemOf(key, value) }),
      },
    };
    this.changes.push(written);
    if (value === undefined) this.items.delete(key);
    else this.items.set(key, value);
    await this.#instances[this.someInstance(random)]?.deliver([record]);
  }

  /** An execution, in which something may fail; what is asked for comes between two of its functions. */
  async execute(
    machine: Machine,
    random: Random,
    between: () => Promise<unknown> = async () => undefined,
  ): Promise<string> {
    this.deployment.source(Object.fromEntries(this.items), itemOf);
    const faults = random.next() < this.settings.failureShare ? faultsOf(random) : new Faults();
    const invoker: Invoker = async (invocation) => {
      const answer = await again(invocation);
      await between();
      return answer;
    };
    const ending = await faults.run(() => machine(new Execution(this.deployment, invoker, faults)));
    this.advance(random.integer(1, 30));
    return this.#told(ending);
  }

  #told(ending: Ending): string {
    if (ending.kind === "failed" && !isKnown(ending.error)) throw ending.error;
    this.counts.add(`executions: ${ending.kind}`);
    return ending.kind === "failed" ? `failed: ${(ending.error as Error).message}` : ending.kind;
  }
}

/** An execution makes some hundred calls. */
const CALLS = 120;

function faultsOf(random: Random): Faults {
  const moment = random.choice<Moment>(["before", "after"]);
  return new Faults({ call: random.integer(0, CALLS), moment, ending: random.choice(["error", "death"]) });
}
