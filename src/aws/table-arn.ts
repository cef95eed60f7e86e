/** The name of the table that an ARN names. */
export function tableName(tableArn: string): string {
  return tableArn.slice(tableArn.lastIndexOf("/") + 1);
}
