/**
 * Decimal numbers as pairs of integers, a second and independent reading of number texts: what the core says about a number
 * is compared with it. Nothing of the core is used here.
 */

/** `digits` times ten to the power of `exponent`; `digits` ends in no zero, and zero is 0 and 0. */
export interface ModelNumber {
  readonly digits: bigint;
  readonly exponent: number;
}

/** The value of a number's text in any notation, or undefined where it is no decimal number. */
export function modelNumber(text: string): ModelNumber | undefined {
  const [mantissa = "", power, ...others] = text.toLowerCase().split("e");
  if (others.length > 0 || (power !== undefined && !/^[+-]?[0-9]+$/.test(power))) return undefined;
  const negative = mantissa.startsWith("-");
  const unsigned = negative || mantissa.startsWith("+") ? mantissa.slice(1) : mantissa;
  const [whole = "", fraction = "", ...more] = unsigned.split(".");
  if (more.length > 0 || !/^[0-9]+$/.test(whole + fraction)) return undefined;
  let digits = BigInt(whole + fraction);
  if (digits === 0n) return { digits: 0n, exponent: 0 };
  let exponent = Number(power ?? "0") - fraction.length;
  for (; digits % 10n === 0n; digits /= 10n) exponent++;
  return { digits: negative ? -digits : digits, exponent };
}

/** Negative, zero or positive as the first value is below, at or above the second. */
export function compareModel(a: ModelNumber, b: ModelNumber): number {
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = scaled(a, exponent) - scaled(b, exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function scaled(value: ModelNumber, exponent: number): bigint {
  return value.digits * 10n ** BigInt(value.exponent - exponent);
}

/** Whether two texts are numbers of one value. */
export function equalNumbers(a: string, b: string): boolean {
  const [modelA, modelB] = [modelNumber(a), modelNumber(b)];
  return (
    modelA !== undefined &&
    modelB !== undefined &&
    modelA.digits === modelB.digits &&
    modelA.exponent === modelB.exponent
  );
}
