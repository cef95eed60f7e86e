/** The registry of a lake: custom resources write what is deployed, and a function of the lake does what they ask for. */
import { CfnOutput, CustomResource, Stack } from "aws-cdk-lib";
import { Construct } from "constructs";
import {
  CUSTOM_RESOURCES,
  type CustomResourceKind,
  type LakeEntry,
  type SourceConfiguration,
  type TableConfiguration,
} from "../src/aws/contracts/registry.ts";
import { LAKE_OUTPUT, REGISTRY_OUTPUT } from "../src/aws/contracts/stack-outputs.ts";
import { DynalakeError } from "../src/core/error.ts";
import { REGISTRY_FOLDER } from "../src/core/format/deployment-path.ts";
import type { SchemaFile } from "../src/core/schema/schema.ts";
import type { LakePlace } from "./lake-place.ts";
import type { LakeWork } from "./lake-work.ts";
import { pascal } from "./names.ts";

export interface RegistryProps {
  readonly lake: LakePlace;
  readonly work: LakeWork;
}

/** The longest schema file that passes through CloudFormation: its templates and events are limited. */
const SCHEMA_CHARACTERS_MAX = 100_000;

export class Registry extends Construct {
  private readonly lake: LakePlace;
  private readonly serviceToken: string;
  private readonly entry: CustomResource;

  constructor(scope: Construct, id: string, props: RegistryProps) {
    super(scope, id);
    const { lake, work } = props;
    const { compaction, functions, snapshot } = work;
    this.lake = lake;
    this.serviceToken = functions.register.functionArn;
    this.entry = this.resource(this, "Lake", "lake", {
      database: lake.databaseName,
      workGroup: lake.workGroupName,
      snapshotMachineArn: snapshot.machine.stateMachineArn,
      compactionMachineArn: compaction.machine.stateMachineArn,
    } satisfies LakeEntry);
    this.tell(Stack.of(this), LAKE_OUTPUT);
  }

  /** The tables of the Glue Data Catalog. They stay when the lake table goes, as its data does. */
  addGlueTables(scope: Construct, id: string, schema: SchemaFile): CustomResource {
    const made = this.resource(scope, id, "glueTables", {}, schema);
    made.node.addDependency(this.lake.database);
    return made;
  }

  addTable(scope: Construct, id: string, table: TableConfiguration): CustomResource {
    const { schema, ...configuration } = table;
    this.tell(Stack.of(scope), REGISTRY_OUTPUT);
    return this.resource(scope, id, "table", configuration, schema);
  }

  addSource(scope: Construct, id: string, source: SourceConfiguration): CustomResource {
    return this.resource(scope, id, "source", source);
  }

  private resource(
    scope: Construct,
    id: string,
    kind: CustomResourceKind,
    configuration: object,
    schema?: SchemaFile,
  ): CustomResource {
    const made = new CustomResource(scope, id, {
      serviceToken: this.serviceToken,
      resourceType: CUSTOM_RESOURCES[kind],
      properties: {
        Configuration: Stack.of(scope).toJsonString(configuration),
        ...(schema === undefined ? {} : { Schema: schemaText(schema) }),
      },
    });
    if (this.entry !== undefined) made.node.addDependency(this.entry);
    return made;
  }

  /** One output for each lake, by which the command line finds the tables of a stack. */
  private tell(stack: Stack, prefix: string): void {
    const name = `${prefix}${pascal(this.lake.databaseName)}`;
    if (stack.node.tryFindChild(name) !== undefined) return;
    const value = `s3://${this.lake.bucket.bucketName}/${REGISTRY_FOLDER}`;
    new CfnOutput(stack, name, { value }).overrideLogicalId(name);
  }
}

function schemaText(schema: SchemaFile): string {
  const text = JSON.stringify(schema);
  if (text.length <= SCHEMA_CHARACTERS_MAX) return text;
  const [length, max] = [text.length, SCHEMA_CHARACTERS_MAX].map((number) => number.toLocaleString("en-US"));
  throw new DynalakeError(
    "USAGE",
    `the schema of "${schema.table}" is too long for CloudFormation: ${length} of ${max} characters`,
    { next: "Declare fewer columns, or nested ones as json." },
  );
}
