/** Days since 1970-01-01 as days of the calendar, without a Date, whose conversions take several times as long. */

/**
 * The day as the number YYYYMMDD, in the proleptic Gregorian calendar, for the years 0 to 9999. A number needs no memory, which
 * the ways from bytes to bytes and to text both ask for.
 */
export function calendarDay(days: number): number {
  // The years of this calendar begin in March, so that the leap day is the last.
  const sinceYearZero = days + 719_468;
  const era = Math.floor(sinceYearZero / 146_097);
  const ofEra = sinceYearZero - era * 146_097;
  const leapDays = Math.floor(ofEra / 1460) - Math.floor(ofEra / 36_524) + Math.floor(ofEra / 146_096);
  const yearOfEra = Math.floor((ofEra - leapDays) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const sinceMarch = Math.floor((5 * ofYear + 2) / 153);
  const year = yearOfEra + era * 400 + (sinceMarch < 10 ? 0 : 1);
  const month = sinceMarch < 10 ? sinceMarch + 3 : sinceMarch - 9;
  const day = ofYear - Math.floor((153 * sinceMarch + 2) / 5) + 1;
  return year * 10_000 + month * 100 + day;
}
