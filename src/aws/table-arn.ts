/** The table's name in its ARN. */
export function tableNameOfArn(tableArn: string): string {
  return tableArn.slice(tableArn.lastIndexOf("/") + 1);
}
