/** What the role of a function may do, one action on one resource at a time, and a way to give it less. */
import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { expect } from "@jest/globals";
import type { AwsEmulator, Denial } from "./emulator.ts";
import type { Answered, DeployedTable } from "./reviews.ts";

export interface Grant {
  readonly action: string;
  readonly resource: string;
  /** Where a listing is permitted for some prefixes: one of them. */
  readonly prefix?: string;
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: { readonly StringLikeIfExists: { readonly "s3:prefix": string | readonly string[] } };
}

/** What a function does once, for which it needs some of its grants. */
export interface Scene {
  /** Makes the world as the run needs it; before each try. */
  readonly before?: () => Promise<unknown>;
  readonly run: () => Promise<Answered>;
}

const TRIES_MAX = 60;

export class FunctionRole {
  readonly grants: readonly Grant[];
  /** Without these one of the scenes so far was denied something, and failed. */
  readonly needed: Set<Grant> = new Set();
  readonly #emulator: AwsEmulator;
  readonly #iam: IAMClient;
  readonly #name: string;
  readonly #policy: { readonly name: string; readonly text: string };

  private constructor(
    emulator: AwsEmulator,
    iam: IAMClient,
    name: string,
    policy: { readonly name: string; readonly text: string },
  ) {
    this.#emulator = emulator;
    this.#iam = iam;
    this.#name = name;
    this.#policy = policy;
    const { Statement } = JSON.parse(policy.text) as { readonly Statement: readonly Statement[] };
    // Statements of different conditions repeat some.
    const grants = Statement.flatMap(grantsOf).map((grant) => [JSON.stringify(grant), grant] as const);
    this.grants = [...new Map(grants).values()];
  }

  static async of(emulator: AwsEmulator, table: DeployedTable, handler: string): Promise<FunctionRole> {
    const { Role = "" } = await table.functionOf(handler);
    const RoleName = Role.slice(Role.lastIndexOf("/") + 1);
    const iam = new IAMClient(emulator.client);
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    // The other one, CDK's own, is for traces.
    const PolicyName = PolicyNames.find((name) => name === "permissions");
    const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    const text = PolicyDocument.startsWith("{") ? PolicyDocument : decodeURIComponent(PolicyDocument);
    return new FunctionRole(emulator, iam, RoleName, { name: "permissions", text });
  }

  /**
   * Runs the scene with nothing but the grants that are known to be needed. Each time it is denied something and fails, the
   * one grant that permits this is given too; until it succeeds. So each of them is needed, and all of them are enough.
   */
  async grow(scene: Scene): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      await this.#put(this.needed);
      await scene.before?.();
      await this.#emulator.forgetDenials(this.#name);
      const said = await scene.run();
      // The last one is what it failed of.
      const denial = (await this.#emulator.denials(this.#name)).at(-1);
      if (denial === undefined) {
        expect(said).toHaveProperty("answer");
        return;
      }
      expect({ denial, said }).toMatchObject({ said: { error: expect.anything() } });
      const grant = this.grants.find((one) => !this.needed.has(one) && permits(one, denial));
      expect({ denial, grant }).toMatchObject({ grant: { action: denial.action } });
      this.needed.add(grant as Grant);
    }
    throw new Error(`${TRIES_MAX} grants are not enough`);
  }

  /** The grants that no scene has needed, as people read them: the action, and the prefix or the end of the resource's ARN. */
  unneeded(): readonly string[] {
    const short = (arn: string) =>
      arn.slice(arn.startsWith("arn:aws:s3:") ? arn.indexOf("/") + 1 : arn.lastIndexOf(":") + 1);
    return this.grants
      .filter((grant) => !this.needed.has(grant))
      .map(({ action, prefix, resource }) => `${action} ${prefix ?? short(resource)}`)
      .sort();
  }

  /** Gives everything back. */
  async restore(): Promise<void> {
    await this.#write(this.#policy.text);
  }

  close(): void {
    this.#iam.destroy();
  }

  async #put(grants: ReadonlySet<Grant>): Promise<void> {
    const role = { RoleName: this.#name, PolicyName: this.#policy.name };
    if (grants.size === 0) return void (await this.#iam.send(new DeleteRolePolicyCommand(role)));
    const Statement = [...grants].map(({ action, prefix, resource }) => ({
      Effect: "Allow",
      Action: action,
      Resource: resource,
      ...(prefix === undefined ? {} : { Condition: { StringLikeIfExists: { "s3:prefix": prefix } } }),
    }));
    await this.#write(JSON.stringify({ Version: "2012-10-17", Statement }));
  }

  async #write(PolicyDocument: string): Promise<void> {
    const role = { RoleName: this.#name, PolicyName: this.#policy.name };
    await this.#iam.send(new PutRolePolicyCommand({ ...role, PolicyDocument }));
  }
}

function grantsOf({ Action, Condition, Resource }: Statement): readonly Grant[] {
  const prefixes = Condition === undefined ? [undefined] : [Condition.StringLikeIfExists["s3:prefix"]].flat();
  return [Action]
    .flat()
    .flatMap((action) =>
      [Resource]
        .flat()
        .flatMap((resource) =>
          prefixes.map((prefix) => ({ action, resource, ...(prefix === undefined ? {} : { prefix }) })),
        ),
    );
}

function permits(grant: Grant, denial: Denial): boolean {
  return (
    grant.action === denial.action &&
    matches(grant.resource, denial.resource) &&
    (grant.prefix === undefined || denial.prefix === undefined || matches(grant.prefix, denial.prefix))
  );
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}
