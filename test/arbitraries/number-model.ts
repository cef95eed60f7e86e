/**
 * Decimal numbers as pairs of integers: an independent second reader of number texts, with which that of the core is compared.
 * It uses nothing of the core.
 */

/** `digits` times ten to the power of `exponent`. `digits` does not end in zero; zero is 0 and 0. */
export interface ModelNumber {
  readonly digits: bigint;
  readonly exponent: number;
}

/** The value of a number in any notation; undefined if the text is not a decimal number. */
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

/** Negative, zero or positive if the first value is less than, equal to or greater than the second. */
export function compareModel(a: ModelNumber, b: ModelNumber): number {
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = scaled(a, exponent) - scaled(b, exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function scaled(value: ModelNumber, exponent: number): bigint {
  return value.digits * 10n ** BigInt(value.exponent - exponent);
}

/** Whether two texts are numbers with the same value. */
export function equalNumbers(a: string, b: string): boolean {
  const [modelA, modelB] = [modelNumber(a), modelNumber(b)];
  return (
    modelA !== undefined &&
    modelB !== undefined &&
    modelA.digits === modelB.digits &&
    modelA.exponent === modelB.exponent
  );
}
