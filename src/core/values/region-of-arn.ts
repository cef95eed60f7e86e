export function regionOfArn(arn: string): string | undefined {
  return arn.split(":")[3];
}
