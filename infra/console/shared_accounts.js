/** Accounts that share an address or a network, with the evidence. */

import { html, nothing } from "./vendor/lit-html.js";
import { count, at } from "./columns.js";
import { confirm } from "./dialog.js";
import { send } from "./api.js";
import { ago, name, number } from "./format.js";
import { table } from "./table.js";
import { link } from "./url.js";

const KINDS = { same_address: "Same address", same_network: "Same network" };
const MAX_HOUSEHOLD = 16; // accounts that one allowance names

/**
 * @param {any} group as `GET /api/suspicious` has it
 * @param {() => void} reload after something was allowed
 */
export function showGroup(group, reload) {
  const { level, players, playersTotal: total, evidence, note, allowed } = group;
  /** @type {Map<string, string>} */
  const names = new Map(players.map((/** @type {any} */ one) => [one.steamId, one.name]));
  return html`<li>
    <p>
      <span class=${level === "HIGH" ? "badge bad" : "badge"}>${level}</span>
      <strong><bdi>${group.commonIpOrSubnet}</bdi></strong> · <bdi>${group.location}</bdi> ·
      last seen ${ago(group.lastActivity)}
      ${note ? html`<span class="badge">shared by many</span>` : nothing}
      ${allowed ? html`<span class="badge good">allowed</span>` : nothing}
    </p>
    <p>${number(total)} accounts${total > players.length ? `, ${players.length} of them here` : nothing}:
      ${players.map((/** @type {any} */ { steamId, name: called }) =>
        html`<a class="badge" href=${link("player-file", steamId)}>${name(called, steamId)}</a> `)}</p>
    ${evidence.length
      ? table({ caption: "Evidence", columns: toColumns(names), rows: evidence })
      : nothing}
    ${allowed || total < 2 || total > MAX_HOUSEHOLD || total > players.length
      ? nothing
      : html`<p><button @click=${() => allow(players, reload)}>Allow as a household</button></p>`}
  </li>`;
}

/** @param {Map<string, string>} names @returns {import("./table.js").Column[]} */
function toColumns(names) {
  const account = (/** @type {number} */ index) => (/** @type {any} */ { steamIds }) =>
    html`<a href=${link("player-file", steamIds[index])}>
      ${name(names.get(steamIds[index]), steamIds[index])}</a>`;
  return [
    { title: "Account", view: account(0) },
    { title: "And", view: account(1) },
    { title: "Shared", view: ({ kind }) => KINDS[/** @type {keyof typeof KINDS} */ (kind)] ?? kind },
    count("Days both were there", "days"),
    at("First", "firstSeen"),
    at("Last", "lastSeen"),
  ];
}

/** @param {any[]} players @param {() => void} reload */
function allow(players, reload) {
  confirm({
    title: "Allow as a household",
    text: html`These ${players.length} accounts are not held against each other any more, wherever they
      play. It is logged with your name, and can be undone under Shared accounts.`,
    action: "Allow",
    isDangerous: false,
    fields: html`<label>Reason <input name="reason" required maxlength="1024"></label>`,
    act: async ({ reason }) => {
      const steamIds = players.map(({ steamId }) => steamId);
      await send("POST", "api/suspicious/allow", { steamIds, reason });
      reload();
    },
  });
}
