/** The lake as a stack of its own: tables come and go beside it. */
import { Stack, type StackProps } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { Lake, type LakeProps } from "./lake.ts";

export interface LakeStackProps extends StackProps, LakeProps {
  /** kms: with a key that is made for the lake. Default: the given key, or those of S3. */
  readonly encryption?: "kms";
}

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

/** It stays when the stack goes, as the bucket does: without it nothing in there could be read. */
function makeKey(stack: Stack): Key {
  return new Key(stack, "Key", { description: "dynalake: the lake", enableKeyRotation: true });
}
