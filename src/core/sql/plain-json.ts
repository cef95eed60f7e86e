/**
 * Patterns that turn DynamoDB JSON into plain JSON, token by token. The text has no blanks and every value in it is within
 * the braces of its type, so that each token tells from its first characters what it is.
 */

const STRING = `"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"`;

/**
 * One token: a value without parts (a set included), the beginning or the end of a list or a map, a member's name, a comma.
 * The one group that matches holds what stays of it, except that group 3 is a null.
 */
export const PLAIN_TOKEN: string = [
  `\\{"(?:S|N|B)":(${STRING})\\}`,
  `\\{"BOOL":(true|false)\\}`,
  `\\{"(NULL)":true\\}`,
  `\\{"(?:SS|NS|BS)":(\\[${STRING}(?:,${STRING})*\\])\\}`,
  `\\{"L":(\\[)`,
  `\\{"M":(\\{)`,
  `(\\])\\}`,
  `(\\})\\}`,
  `(${STRING}:|,)`,
].join("|");

/** Nine control characters, as engines write them: in capitals. dynalake does not, so that the texts would differ. */
export const CAPITAL_ESCAPE = "\\\\u00[01][A-F]";

/**
 * Where a value that is none of a list, a map, a set and a NULL begins: in a string, a backslash stands before each quote, and after
 * a member's name that is the name of a type, there is another value.
 */
export const LEAF = '\\{"(?:[SNB]":"|BOOL":[tf])';
