/** The table's name in its ARN. */
export function tableName(tableArn: string): string {
  return tableArn.slice(tableArn.lastIndexOf("/") + 1);
}
