/** Optional members that may not be given as undefined. */

export type Defined<T> = { -readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

/** The members that are not undefined: with `exactOptionalPropertyTypes`, an optional member is a value or absent. */
export function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
