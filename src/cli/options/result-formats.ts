/** The formats in which a query's rows are printed. */
export const RESULT_FORMATS = ["table", "json", "csv"] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];
