/** The key for masked columns: a secret, read by the functions that handle values. */
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { EnvironmentOf } from "../src/aws/contracts/environment.ts";
import { noMaskKey } from "../src/core/row/wire-line.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import type { Permission } from "./permissions.ts";

export type MaskKey = ISecret | undefined;

/** Throws USAGE if the schema masks a column and no key is given. */
export function requireMaskKey(schema: Schema, maskKey: MaskKey): void {
  const masked = schema.columns.find((column) => column.masked);
  if (masked === undefined || maskKey !== undefined) return;
  throw noMaskKey(
    schema,
    masked,
    "Pass maskKeySecret: a secret that holds a long random string. Never change it later.",
  );
}

export function maskKeyEnvironment(maskKey: MaskKey): Omit<EnvironmentOf<"snapshot-part">, "SOURCE"> {
  return maskKey === undefined ? {} : { MASK_KEY_SECRET_ARN: maskKey.secretArn };
}

export function maskKeyPermissions(maskKey: MaskKey): readonly Permission[] {
  if (maskKey === undefined) return [];
  const arn = maskKey.secretFullArn ?? `${maskKey.secretArn}-??????`;
  const key = maskKey.encryptionKey;
  return [
    { actions: ["secretsmanager:GetSecretValue"], resources: [arn] },
    ...(key === undefined ? [] : [{ actions: ["kms:Decrypt"], resources: [key.keyArn] }]),
  ];
}
