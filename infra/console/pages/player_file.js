/** What staff knows of a player: figures, sessions, notes, punishments, shared accounts. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, getPage } from "../api.js";
import { at, called, count, length } from "../columns.js";
import { figures } from "../figures.js";
import { ago, dayOf, duration, name, number, time } from "../format.js";
import { showNotes, showPunishments } from "../moderation.js";
import { paged, show, showPart } from "../panel.js";
import { plot } from "../plot.js";
import { loadServers, nameServer } from "../server_names.js";
import { showGroup } from "../shared_accounts.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {import("../panel.js").Panel} Panel */

const PAGE = 50; // sessions

/** @param {State} state */
export function load({ id }) {
  const path = `api/players/${encodeURIComponent(id)}`;
  return {
    servers: loadServers,
    player: (/** @type {AbortSignal} */ signal) => get(path, {}, signal),
    sessions: paged((cursor, signal) =>
      getPage(`${path}/sessions`, { limit: PAGE, cursor }, "items", signal)),
    groups: async (/** @type {AbortSignal} */ signal) => {
      const groups = await get("api/suspicious", { includeAllowed: true }, signal);
      return groups.filter((/** @type {any} */ { players }) =>
        players.some((/** @type {any} */ { steamId }) => steamId === id));
    },
  };
}

/** @param {State} state @param {{[name: string]: Panel}} data */
export function view({ id }, { servers, player, sessions, groups }) {
  const { value } = player;
  return html`<h1>${name(value?.name, id)}</h1>
    <p class="note"><code><bdi>${id}</bdi></code> ·
      <a href=${link("logs", "", { steamId: id })}>Their events</a> ·
      <a href=${link("logs", "", { search: id })}>All events that name them</a></p>
    ${show(player, { title: "In numbers", view: showFigures })}
    <div class="columns">
      ${showPart(player, {
        title: "Notes",
        id: "notes",
        view: ({ notes }) => showNotes(id, notes, player.start),
      })}
      ${showPart(player, {
        title: "Punishments",
        id: "punishments",
        view: ({ punishments }) => showPunishments(id, punishments, player.start),
      })}
    </div>
    ${show(sessions, {
      title: "Sessions",
      empty: "No session is kept.",
      view: ({ items }) =>
        table({ caption: "Sessions", columns: toColumns(servers), rows: items, panel: sessions }),
    })}
    ${show(groups, {
      title: "Shared accounts",
      empty: "No other account shares an address or network with this one.",
      view: (found) => html`<ul class="entries">
        ${found.map((/** @type {any} */ group) => showGroup(group, groups.start))}</ul>`,
    })}
    ${showPart(player, {
      title: "Names",
      id: "names",
      isEmpty: ({ names }) => !names.length,
      empty: "No name was sent.",
      view: ({ names }) => table({ caption: "Names", columns: NAMES, rows: names }),
    })}`;
}

const NAMES = [called("Name", "name"), at("First seen", "firstSeen"), at("Last seen", "lastSeen")];

/** @param {Panel} servers @returns {import("../table.js").Column[]} */
function toColumns(servers) {
  return [
    at("Begin", "start"),
    { title: "End", view: ({ end }) => (end ? time(end) : html`<span class="badge good">there now</span>`) },
    length("Length", "seconds"),
    { title: "Server", view: ({ serverId }) => nameServer(servers, serverId) },
    { title: "Ended by", view: ({ endReason }) => endReason },
    { title: "Known", view: ({ method }) => method },
  ];
}

/** @param {any} player */
function showFigures(player) {
  const { geo, ip, gameModeStats: modes, activityHistory: days } = player;
  const place = geo && [geo.city, geo.state, geo.country].filter(Boolean).join(", ");
  /** @type {[string, unknown][]} */
  const rows = [
    ["Played", duration(player.playTimeSeconds)],
    ["Connections", number(player.totalConnections)],
    ["Last seen", ago(player.lastSeen)],
    ["First seen", ago(player.firstSeen)],
    ...Object.entries(modes).flatMap(([mode, stats]) => listFigures(mode, stats)),
  ];
  return html`
    ${ip || place
      ? html`<p class="note">${ip ? html`<code>${ip}</code>` : nothing} <bdi>${place ?? ""}</bdi></p>`
      : nothing}
    ${figures(rows)}
    ${plot({
      title: "Hours played by UTC day",
      x: days.map((/** @type {any} */ { date }) => Date.parse(date) / 1000),
      xTitle: "Day",
      isUtc: true,
      label: (day) => dayOf(new Date(day * 1000).toISOString()),
      series: [
        {
          label: "Hours", kind: "bars",
          values: days.map((/** @type {any} */ { hoursPlayed }) => hoursPlayed),
        },
        {
          label: "Sessions begun",
          values: days.map((/** @type {any} */ { sessions }) => sessions),
        },
      ],
    })}`;
}

/** @type {Record<string, [string, string][]>} figures of a mode, by the API's names */
const MODES = {
  sandbox: [["totalSessions", "Sandbox sessions"], ["propsSpawned", "Props spawned"]],
  ttt: [
    ["roundsPlayed", "TTT rounds"], ["roundsWon", "TTT rounds won"], ["kills", "TTT kills"],
    ["deaths", "TTT deaths"],
  ],
  murder: [["roundsPlayed", "Murder rounds"], ["murdererWins", "Won as murderer"]],
};

/** @param {string} mode @param {any} stats @returns {[string, string][]} */
function listFigures(mode, stats) {
  return (MODES[mode] ?? []).map(([key, title]) => [title, number(stats[key])]);
}
