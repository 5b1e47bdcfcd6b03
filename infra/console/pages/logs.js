/** Logs of game servers: found events, and above them what arrives. */

import { html, nothing } from "../vendor/lit-html.js";
import { getPage } from "../api.js";
import { present } from "../dialog.js";
import { showFilters } from "../filters.js";
import { name, time } from "../format.js";
import { follow } from "../live_tail.js";
import { FILTERS, matches, MODES, namePlayer, nameType, showEvent, TYPES } from "../log_events.js";
import { paged, show, showError } from "../panel.js";
import { listChoices, loadServers, nameServer } from "../server_names.js";
import { table } from "../table.js";
import { change, link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {import("../panel.js").Panel} Panel */
/** @typedef {import("../log_events.js").LogEvent} LogEvent */

const PAGE = 200; // events

/** @param {State} state */
export function load(state) {
  const query = Object.fromEntries(FILTERS.map((field) => [field, state.query[field]]));
  return {
    servers: loadServers,
    found: paged((cursor, signal) =>
      getPage("api/logs", { ...query, limit: PAGE, cursor }, "items", signal)),
    ...(isLive(state) ? { tail: follow((event) => matches(event, state.query)) } : {}),
  };
}

/** Whether what arrives is shown: not when it is paused, or would be too late. @param {State} state */
function isLive({ query }) {
  return query.live !== "off" && !(Date.parse(query.to ?? "") < Date.now());
}

/** @param {State} state @param {{servers: Panel, found: Panel, tail?: Panel}} data */
export function view(state, { servers, found, tail }) {
  return html`<h1>Logs</h1>
    ${showTypes(state)}
    ${showFilters(state, [
      { name: "search", title: "Text, name or SteamID", kind: "search", maxlength: 256 },
      { name: "serverId", title: "Server", options: listChoices(servers, state.query.serverId) },
      { name: "gameMode", title: "Mode", options: [["", "All modes"], ...MODES] },
      { name: "map", title: "Map" },
      { name: "steamId", title: "SteamID of the player", placeholder: "STEAM_0:1:101" },
      { name: "from", title: "From", kind: "datetime-local" },
      { name: "to", title: "To", kind: "datetime-local" },
    ])}
    ${tail?.error ? showError(tail.error, tail.start) : nothing}
    ${show(found, {
      title: "Events",
      tools: showTail(state, tail),
      empty: "No event matches.",
      isEmpty: (value) => !merge(tail, value).length,
      view: (value) => table({
        caption: "Log events, newest first",
        columns: toColumns(servers),
        rows: merge(tail, value),
        panel: found,
      }),
    })}`;
}

/** @param {State} state */
function showTypes(state) {
  const chosen = state.query.type ?? "";
  return html`<nav class="choices" aria-label="Kinds of events">
    ${[["", "Everything"], ...TYPES].map(([type, title]) => html`<a href=${change(state, { type })}
      aria-current=${type === chosen ? "true" : "false"}>${title}</a>`)}
  </nav>`;
}

/** @param {State} state @param {Panel | undefined} tail */
function showTail(state, tail) {
  const isPaused = state.query.live === "off";
  const status = tail?.error ? "interrupted" : tail?.value?.isLive ? "live" : tail ? "connecting" : "paused";
  return html`<span class="buttons">
    <span class=${`badge ${status === "live" ? "good" : ""}`} role="status">${status}</span>
    <a class="button" href=${change(state, { live: isPaused ? "" : "off" })}>
      ${isPaused ? "Follow" : "Pause"}</a>
  </span>`;
}

/**
 * What arrived above what was found, each event once.
 * @param {Panel | undefined} tail @param {{items: LogEvent[]}} found
 */
function merge(tail, { items }) {
  const known = new Set(items.map(({ id }) => id));
  const newest = items[0]?.timestamp ?? "";
  /** @type {import("../live_tail.js").Tail} */
  const { events, before } = tail?.value ?? { events: [], before: [] };
  const missed = before.filter(({ timestamp }) => timestamp >= newest);
  return [...[...events, ...missed].filter(({ id }) => !known.has(id)), ...items];
}

/** @param {Panel} servers @returns {import("../table.js").Column[]} */
function toColumns(servers) {
  return [
    { title: "Time", view: (event) => html`<button class="plain" aria-haspopup="dialog"
      @click=${() => open(event)}>${time(event.timestamp, { seconds: true })}</button>` },
    { title: "Kind", view: ({ type }) => nameType(type) },
    { title: "Player", view: namePlayer },
    {
      title: "Text",
      kind: "wide",
      view: ({ rawText }) => html`<bdi class="brief" title=${rawText}>${rawText}</bdi>`,
    },
    { title: "Server", view: ({ serverId }) => nameServer(servers, serverId) },
    { title: "Map", view: ({ metadata }) => name(metadata.map, "–") },
  ];
}

/** @param {LogEvent} event */
function open(event) {
  present("Event", html`${showEvent(event)}
    <p><a href=${link("log-event", event.id)}>Link to this event</a></p>`);
}
