/** The lake in its own stack, so that tables can be added and removed separately. */
import { Stack, type StackProps } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { Lake, type LakeProps } from "./lake.ts";

export interface LakeStackProps extends StackProps, LakeProps {
  /** kms: encrypt with a key created for the lake. Default: the given key, or S3-managed keys. */
  readonly encryption?: "kms";
}

/**
 * A stack with a `Lake`.
 *
 * @example
 * ```ts
 * import { App } from "aws-cdk-lib";
 * import { LakeStack } from "dynalake/cdk";
 *
 * const { lake } = new LakeStack(new App(), "Lake", { databaseName: "shop", encryption: "kms" });
 * console.log(lake.workGroupName);
 * ```
 */
export class LakeStack extends Stack {
  readonly lake: Lake;

  constructor(scope: Construct, id: string, props: LakeStackProps = {}) {
    super(scope, id, { description: "dynalake: the lake", ...props });
    const encryptionKey = props.encryptionKey ?? (props.encryption === "kms" ? makeKey(this) : undefined);
    this.lake = new Lake(this, "Lake", {
      ...props,
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
    });
  }
}

/** The key outlives the stack, as the bucket does: without it, the bucket could not be read. */
function makeKey(stack: Stack): Key {
  return new Key(stack, "Key", { description: "dynalake: the lake", enableKeyRotation: true });
}
