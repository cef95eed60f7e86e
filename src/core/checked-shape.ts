/** Values from outside, checked once against a shape that zod describes. */
import { en } from "zod/locales";
import * as z from "zod/mini";

/** zod/mini has no messages of its own. They are given to each check, since zod's settings belong to the app around us. */
const { localeError } = en();

/** The value as the shape has it, or what is wrong with it. */
export function checkedShape<T>(shape: z.ZodMiniType<T>, value: unknown): z.util.SafeParseResult<T> {
  return z.safeParse(shape, value, { error: localeError });
}
