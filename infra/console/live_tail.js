/** The live tail of the logs: what arrives, read every other second. */

import { get } from "./api.js";
import { ApiError } from "./errors.js";

/** @typedef {import("./log_events.js").LogEvent} LogEvent */

const EVERY = 2000; // milliseconds
const AFTER_ERROR = 5000;
const MIN_PAUSE = 250;
const MAX_READ = 200; // events an answer
const MAX_KEPT = 2000;

/** @typedef {{before: LogEvent[], events: LogEvent[], isLive: boolean}} Tail */

/**
 * A loader of the events that match and arrived since it began, the newest first, with some of `before`:
 * whoever searched a moment earlier has not found the last of these. Errors are shown, and it goes on;
 * a hidden tab waits until it is seen.
 * @param {(event: LogEvent) => boolean} isWanted
 * @returns {import("./panel.js").Loader}
 */
export function follow(isWanted) {
  return {
    follow(push, fail, signal) {
      /** @type {Tail} */
      let tail = { before: [], events: [], isLive: false };
      let cursor = "";
      push(tail);
      const read = async () => {
        if (signal.aborted) return;
        if (document.hidden && cursor) return void setTimeout(read, EVERY);
        const begun = performance.now();
        let wait = EVERY;
        try {
          const answer = await get("api/logs/live", { after: cursor, limit: MAX_READ }, signal);
          const found = answer.events.filter(isWanted).reverse();
          tail = cursor
            ? { ...tail, events: [...found, ...tail.events].slice(0, MAX_KEPT) }
            : { ...tail, before: found, isLive: true };
          if (cursor && answer.events.length === MAX_READ) wait = 0; // more may be there already
          cursor = answer.cursor;
          push(tail);
        } catch (error) {
          if (signal.aborted) return;
          fail(error);
          if (!(error instanceof ApiError) || isFinal(error)) return;
          wait = Math.max(AFTER_ERROR, error.retryAfter * 1000);
        }
        // From one reading's begin to the next one's, however long an answer takes.
        setTimeout(read, Math.max(MIN_PAUSE, wait - (performance.now() - begun)));
      };
      read();
    },
  };
}

/** @param {ApiError} error */
function isFinal({ kind }) {
  return kind === "unauthorized" || kind === "forbidden";
}
