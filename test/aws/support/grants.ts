/** The permissions of a function's role, one action on one resource at a time, and a way to reduce them. */
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
  /** One of the prefixes, if a listing is limited to some. */
  readonly prefix?: string;
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: { readonly StringLikeIfExists: { readonly "s3:prefix": string | readonly string[] } };
}

/** One invocation of a function, which needs some of its grants. */
export interface Scene {
  /** Prepares what the run needs, before each attempt. */
  readonly before?: () => Promise<unknown>;
  readonly run: () => Promise<Answered>;
}

const TRIES_MAX = 60;

export class FunctionRole {
  readonly grants: readonly Grant[];
  /** The grants without which a scene was denied something and failed. */
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
    // Statements with different conditions repeat some grants.
    const grants = Statement.flatMap(grantsOf).map((grant) => [JSON.stringify(grant), grant] as const);
    this.grants = [...new Map(grants).values()];
  }

  static async of(emulator: AwsEmulator, table: DeployedTable, handler: string): Promise<FunctionRole> {
    const { Role = "" } = await table.functionOf(handler);
    return FunctionRole.named(emulator, Role.slice(Role.lastIndexOf("/") + 1));
  }

  /** A role with an inline policy called "permissions". */
  static async named(emulator: AwsEmulator, RoleName: string): Promise<FunctionRole> {
    const iam = new IAMClient(emulator.client);
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    // The other policy, created by CDK, is for traces.
    const PolicyName = PolicyNames.find((name) => name === "permissions");
    const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    const text = PolicyDocument.startsWith("{") ? PolicyDocument : decodeURIComponent(PolicyDocument);
    return new FunctionRole(emulator, iam, RoleName, { name: "permissions", text });
  }

  /**
   * Runs the scene with only the grants known to be needed. Whenever it is denied something and fails, adds the one grant that
   * permits it, until the scene succeeds. So each grant is needed, and together they suffice.
   */
  async grow(scene: Scene): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      await this.#put(this.needed);
      await scene.before?.();
      await this.#emulator.forgetDenials(this.#name);
      const said = await scene.run();
      // The last denial made it fail.
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
    throw new Error(`${TRIES_MAX} grants did not suffice`);
  }

  /** The grants that no scene needed, in readable form: the action, and the prefix or the end of the resource's ARN. */
  unneeded(): readonly string[] {
    const short = (arn: string) =>
      arn.slice(arn.startsWith("arn:aws:s3:") ? arn.indexOf("/") + 1 : arn.lastIndexOf(":") + 1);
    return this.grants
      .filter((grant) => !this.needed.has(grant))
      .map(({ action, prefix, resource }) => `${action} ${prefix ?? short(resource)}`)
      .sort();
  }

  /** Restores all grants. */
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
