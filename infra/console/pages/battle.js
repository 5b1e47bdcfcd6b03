/** A battle of the tracker, as it is played. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, send, toSocketUrl } from "../api.js";
import { apply, describe } from "../battle_frames.js";
import { followRoom } from "../followed_room.js";
import { duration, name, number, time } from "../format.js";
import { show } from "../panel.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */

/** @param {State} state */
export function load({ id }) {
  const path = `v1/battles/${encodeURIComponent(id)}`;
  return {
    battle: followRoom({
      url: toSocketUrl(path.replace("v1/battles", "v1/ws/battles")),
      read: async (signal) => (await get(path, {}, signal)).battle,
      credential: async () => ({ ticket: (await send("POST", `${path}/ws-ticket`)).ticket }),
      apply,
    }),
  };
}

/** @param {State} _ @param {any} data */
export function view(_, { battle }) {
  return html`<h1>Battle</h1>
    ${show(battle, {
      title: battle.value?.thing.mission?.name ?? "Battle",
      tools: battle.value
        ? html`<span class="badge" role="status">${battle.value.status}</span>` : nothing,
      view: showBattle,
    })}`;
}

/** @param {any} value */
function showBattle({ thing: battle, events }) {
  const { players, current_turn: turn, winner_id: winner } = battle;
  const called = new Map(players.map((/** @type {any} */ one) => [one.user_id, one.display_name]));
  return html`<p>
      ${battle.status.replaceAll("_", " ")}, round ${number(battle.current_round)} of
      ${number(battle.max_rounds)}${turn && battle.status === "in_progress"
        ? html`; ${name(called.get(turn.player_id))}, ${turn.phase} phase,
          ${duration(turn.time_remaining)} left` : nothing}
      ${winner ? html`<strong>${name(called.get(winner))} won</strong>.` : nothing}
      ${battle.tournament_id
        ? html`<a href=${link("tournament", battle.tournament_id)}>Tournament</a>` : nothing}
    </p>
    ${table({ caption: "Players", columns: PLAYERS, rows: players })}
    <h3>What happened since this page is open</h3>
    ${events.length
      ? table({ caption: "Events", columns: EVENTS, rows: events })
      : html`<p class="empty">Nothing yet.</p>`}`;
}

/** @param {string} title @param {string} key @returns {import("../table.js").Column} */
function score(title, key) {
  return { title, kind: "number", view: ({ scores }) => number(scores[key]) };
}

/** @type {import("../table.js").Column[]} */
const PLAYERS = [
  { title: "Player", view: (one) => html`${name(one.display_name)}${one.connected
    ? html` <span class="badge good">here</span>` : nothing}` },
  { title: "Army", view: ({ army }) => name(army?.name, "–") },
  score("Victory points", "victory_points"), score("Primary", "primary"),
  score("Secondary", "secondary"), score("Challenge", "challenge"), score("Linchpin", "linchpin"),
  { title: "Command points", kind: "number", view: (one) => number(one.command_points) },
  { title: "Used", kind: "number", view: (one) => duration(one.time_used) },
];
/** @type {import("../table.js").Column[]} */
const EVENTS = [
  { title: "No.", kind: "number", view: ({ seq }) => number(seq) },
  { title: "At", view: ({ timestamp }) => time(timestamp, { seconds: true }) },
  { title: "Event", kind: "wide", view: describe },
];
