/** Which rows of a long table are to be rendered. */

/** @typedef {{start: number, end: number, before: number, after: number}} Slice */

/**
 * The rows from `start` to before `end`, and the heights of what is left out around them. Rows come in
 * steps of eight, so that scrolling by a row renders nothing.
 * @param {{count: number, rowHeight: number, scrollTop: number, height: number, margin?: number}} view
 * @returns {Slice}
 */
export function slice({ count, rowHeight, scrollTop, height, margin = 16 }) {
  const last = Math.max(0, count - 1);
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight) - margin;
  const start = clamp(first - (((first % STEP) + STEP) % STEP), 0, last - (last % STEP));
  const seen = Math.ceil(height / rowHeight) + 2 * margin + STEP;
  const end = clamp(start + seen, start, count);
  return { start, end, before: start * rowHeight, after: (count - end) * rowHeight };
}

const STEP = 8;

/** @param {number} value @param {number} low @param {number} high */
function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
