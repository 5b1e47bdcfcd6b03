/** One event of the logs. */

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { showEvent } from "../log_events.js";
import { show } from "../panel.js";
import { link } from "../url.js";

/** @param {import("../url.js").State} state */
export function load({ id }) {
  return {
    event: (/** @type {AbortSignal} */ signal) => get(`api/logs/${encodeURIComponent(id)}`, {}, signal),
  };
}

/** @param {import("../url.js").State} _ @param {any} data */
export function view(_, { event }) {
  return html`<h1>Log event</h1>
    ${show(event, { title: "Event", view: showEvent })}
    <p><a href=${link("logs")}>All logs</a></p>`;
}
