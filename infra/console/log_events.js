/** Log events of game servers: their kinds, whether they match filters, and how they are shown. */

import { html, nothing } from "./vendor/lit-html.js";
import { name, time, toVisible } from "./format.js";
import { link } from "./url.js";

/**
 * @typedef {{id: string, serverId: string, gameMode: string, type: string, timestamp: string,
 *   steamId?: string, playerName?: string, rawText: string, metadata: Record<string, any>}} LogEvent
 */

/** Kinds, and what they are called. @type {[string, string][]} */
export const TYPES = [
  ["CHAT", "Chat"], ["ULX", "Staff actions"], ["COMMAND", "Commands"], ["CONNECT", "Connected"],
  ["DISCONNECT", "Disconnected"], ["KILL", "Kills"], ["DAMAGE", "Damage"], ["PROP_SPAWN", "Spawned"],
  ["TOOL_USE", "Tools"], ["GAME_EVENT", "Game events"], ["ROUND_START", "Rounds begun"],
  ["ROUND_END", "Rounds ended"],
];
/** @type {[string, string][]} */
export const MODES = [["TTT", "TTT"], ["Sandbox", "Sandbox"], ["Murder", "Murder"]];
export const FILTERS = ["search", "serverId", "type", "steamId", "map", "gameMode", "from", "to"];

const REAL_STEAM_ID = /^STEAM_[0-5]:[01]:\d{1,10}$/;

/**
 * Whether an event is one that the search would find: the live tail knows no filters.
 * @param {LogEvent} event
 * @param {Record<string, string>} query
 */
export function matches(event, query) {
  const { metadata } = event;
  const at = Date.parse(event.timestamp);
  return (!query.serverId || event.serverId === query.serverId)
    && (!query.type || event.type === query.type.trim().toUpperCase())
    && (!query.steamId || event.steamId === query.steamId)
    && (!query.map || metadata.map === query.map)
    && (!query.gameMode || event.gameMode.toLowerCase() === query.gameMode.trim().toLowerCase())
    && !(at < Date.parse(query.from ?? ""))
    && !(at > Date.parse(query.to ?? ""))
    && (!query.search || hasText(event, query.search));
}

/** @param {LogEvent} event @param {string} text */
function hasText(event, text) {
  const { steamId = "", playerName = "", rawText, metadata } = event;
  if (REAL_STEAM_ID.test(text)) return steamId === text || JSON.stringify(metadata).includes(`"${text}"`);
  const wanted = text.toLowerCase();
  return [steamId, playerName, rawText].some((one) => one.toLowerCase().includes(wanted));
}

/** @param {string} type */
export function nameType(type) {
  return html`<span class=${type === "ULX" ? "badge bad" : "badge"}>${type}</span>`;
}

/** Whom an event is of, with their file. @param {LogEvent} event */
export function namePlayer({ steamId, playerName }) {
  const shown = name(playerName, steamId ?? "–");
  return steamId ? html`<a href=${link("player-file", steamId)}>${shown}</a>` : shown;
}

/**
 * All that is known of an event.
 * @param {LogEvent} event
 */
export function showEvent(event) {
  const { metadata, steamId } = event;
  return html`<dl class="facts">
      <div><dt>Time</dt><dd>${time(event.timestamp, { seconds: true })}</dd></div>
      <div><dt>Kind</dt><dd>${nameType(event.type)}</dd></div>
      <div><dt>Server</dt><dd>${name(metadata.serverName, event.serverId)}</dd></div>
      <div><dt>Mode</dt><dd>${event.gameMode}</dd></div>
      <div><dt>Player</dt><dd>${namePlayer(event)}${steamId
        ? html` <code>${steamId}</code>` : nothing}</dd></div>
    </dl>
    <p><bdi>${event.rawText}</bdi></p>
    <h3>What the server sent</h3>
    <pre>${toText(metadata)}</pre>`;
}

/** A value as JSON, with marks that turn or hide text spelled out. @param {any} value */
function toText(value) {
  return [...JSON.stringify(value, null, 2)].map((character) => (
    character === "\n" || toVisible(character)
      ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )).join("");
}
