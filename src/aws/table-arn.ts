/** The table's name in its ARN, for messages: in a call, a name alone means a table of the caller's own account. */
export function tableNameOfArn(tableArn: string): string {
  return tableArn.slice(tableArn.lastIndexOf("/") + 1);
}
