/** Whether everything that runs by itself does: rollups, jobs, queues, quarantine, sockets. */

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { at, called, count, length, since } from "../columns.js";
import { figures } from "../figures.js";
import { ago, name, number } from "../format.js";
import { show, showPart } from "../panel.js";
import { table } from "../table.js";

/** @typedef {import("../panel.js").Panel} Panel */

const EVERY = 10_000; // milliseconds

export function load() {
  const read = (/** @type {AbortSignal} */ signal) => get("api/admin/health", {}, signal);
  return { health: { load: read, every: EVERY } };
}

/** @param {import("../url.js").State} _ @param {{health: Panel}} data */
export function view(_, { health }) {
  return html`<h1>Health</h1>
    ${show(health, { title: "Queues", ...part("queues", showQueues) })}
    ${showPart(health, { title: "Sockets", ...part("live", showSockets) })}
    ${showPart(health, { title: "Quarantine", ...part("quarantine", showQuarantine) })}
    ${showPart(health, { title: "Scheduled jobs", ...part("jobs", showJobs) })}
    ${showPart(health, { title: "Rollups", ...part("rollups", showRollups) })}`;
}

/**
 * A part of the answer; null is what could not be read.
 * @param {string} id @param {(value: any) => unknown} view
 */
function part(id, view) {
  return {
    id,
    isEmpty: (/** @type {any} */ value) => Array.isArray(value[id]) && !value[id].length,
    view: (/** @type {any} */ value) => (value[id] === null
      ? html`<p class="problem">This could not be read. The other parts are as they are.</p>`
      : view(value[id])),
  };
}

/** @param {any} queues */
function showQueues({ spool, dead_letters: dead, failed_jobs: failed }) {
  const more = (/** @type {any} */ queue) =>
    `${number(queue.in_flight)} in work, ${number(queue.delayed)} later`;
  return html`${figures([
      ["Writes that wait", number(spool.waiting), more(spool)],
      ["Dead letters", number(dead.waiting), more(dead)],
      ["Failed jobs", number(failed.waiting), more(failed)],
    ])}
    ${dead.waiting + failed.waiting
      ? html`<p class="note"><code>make replay</code> lists dead letters and puts them back.</p>` : nothing}`;
}

/** @param {any} live */
function showSockets({ rooms, sockets, waiting, users, budget }) {
  return figures([
    ["Sockets", number(sockets), `${number(waiting)} catch up`],
    ["Users", number(users)],
    ["Rooms", number(rooms)],
    ["Posts a second", number(budget.posts_per_second), `${number(budget.rate)} are allowed`],
    ["Posts left now", number(budget.left)],
  ]);
}

/** @param {any} quarantine */
function showQuarantine({ bodies, bytes, oldest_at: oldest }) {
  return html`${figures([
      ["Refused rounds", number(bodies)],
      ["Bytes", number(bytes)],
      ["The oldest", ago(oldest)],
    ])}
    ${bodies ? html`<p class="note"><code>make quarantine</code> lists them.</p>` : nothing}`;
}

/** @type {import("../table.js").Column[]} */
const JOBS = [
  called("Job", "name"),
  {
    title: "Last run",
    view: ({ error }) => (error
      ? html`<span class="badge bad">${name(error)}</span>` : html`<span class="badge good">well</span>`),
  },
  since("Began", "started_at"),
  at("Ended", "ended_at"),
  since("Last success", "succeeded_at"),
];
/** @type {import("../table.js").Column[]} */
const ROLLUPS = [
  called("Rollup", "name"),
  length("Lag", "lag_seconds"),
  count("Dirty buckets", "dirty_buckets"),
  at("Oldest dirty bucket", "oldest_dirty"),
  since("Audited", "audited_at"),
  count("Wrong rows, repaired", "wrong_rows"),
];

/** @param {any[]} jobs */
function showJobs(jobs) {
  return table({ caption: "Scheduled jobs", columns: JOBS, rows: jobs });
}

/** @param {any[]} rollups */
function showRollups(rollups) {
  const lags = rollups.map(({ lag_seconds: lag }) => lag);
  return html`
    <p class="note">Readers get exact numbers all the same: what lags is computed for them.
      The furthest lags by ${number(Math.max(...lags))} s.</p>
    ${table({ caption: "Rollups", columns: ROLLUPS, rows: rollups })}`;
}
