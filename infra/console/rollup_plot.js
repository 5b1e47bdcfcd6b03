/** What of a rollup's rows can be drawn: its counts, added up by bucket. */

const MAX_SERIES = 4;
const NUMBERS = new Set(["bigint", "double"]);

/**
 * The first counts of rows by time; null where a row has no time or no count.
 * @param {{name: string, type: string}[]} columns
 * @param {any[][]} rows in the order of `columns`
 * @returns {{x: number[], series: {label: string, values: number[]}[]} | null} x in Unix seconds
 */
export function toPlot(columns, rows) {
  const bucket = columns.findIndex(({ type }) => type === "timestamp");
  const counts = columns.flatMap((column, index) =>
    NUMBERS.has(column.type) && !column.name.endsWith("_id") ? [{ ...column, index }] : []);
  if (bucket < 0 || !counts.length) return null;
  const shown = counts.slice(0, MAX_SERIES);
  /** @type {Map<number, number[]>} */
  const sums = new Map();
  for (const row of rows) {
    const at = Date.parse(row[bucket]) / 1000;
    if (Number.isNaN(at)) continue;
    const sum = sums.get(at) ?? shown.map(() => 0);
    shown.forEach(({ index }, place) => (sum[place] += Number(row[index] ?? 0)));
    sums.set(at, sum);
  }
  const x = [...sums.keys()].sort((one, other) => one - other);
  const series = shown.map(({ name }, place) => ({
    label: name,
    values: x.map((at) => /** @type {number[]} */ (sums.get(at))[place]),
  }));
  return x.length > 1 ? { x, series } : null;
}
