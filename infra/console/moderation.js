/** What staff writes into a player's file: notes and punishments. */

import { html, nothing } from "./vendor/lit-html.js";
import { send } from "./api.js";
import { confirm } from "./dialog.js";
import { onSubmit } from "./form.js";
import { name, time } from "./format.js";

/**
 * @typedef {{id: string, content: string, staffName: string, date: string}} Note
 * @typedef {{id: string, type: string, reason: string, staffName: string, date: string,
 *   duration?: string, active: boolean}} Punishment
 */

const MAX_TEXT = 4096; // characters
const TYPES = ["WARN", "KICK", "GAG", "MUTE", "BAN"];

/** @param {string} steamId */
function toPath(steamId) {
  return `api/players/${encodeURIComponent(steamId)}`;
}

/**
 * @param {string} steamId @param {Note[]} notes @param {() => void} reload
 */
export function showNotes(steamId, notes, reload) {
  const add = onSubmit(async ({ content }, form) => {
    await send("POST", `${toPath(steamId)}/notes`, { content });
    form.reset();
    reload();
  });
  return html`
    ${notes.length
      ? html`<ul class="entries">${notes.map((note) => showNote(steamId, note, reload))}</ul>`
      : html`<p class="empty">No notes yet.</p>`}
    <form class="stacked" @submit=${add}>
      <label>New note <textarea name="content" rows="3" required maxlength=${MAX_TEXT}></textarea></label>
      <div><button class="primary">Add the note</button></div>
      <output role="alert"></output>
    </form>`;
}

/** @param {string} steamId @param {Note} note @param {() => void} reload */
function showNote(steamId, { id, content, staffName, date }, reload) {
  const path = `${toPath(steamId)}/notes/${encodeURIComponent(id)}`;
  const edit = () => confirm({
    title: "Edit the note",
    text: html`By ${name(staffName)}, ${time(date)}`,
    action: "Save",
    isDangerous: false,
    fields: html`<label>Note
      <textarea name="content" rows="6" required maxlength=${MAX_TEXT} .value=${content}></textarea></label>`,
    act: async ({ content: changed }) => {
      await send("PATCH", path, { content: changed });
      reload();
    },
  });
  const remove = () => confirm({
    title: "Delete the note",
    text: html`The note by ${name(staffName)} is removed for everybody. It cannot be brought back.`,
    action: "Delete the note",
    act: async () => {
      await send("DELETE", path);
      reload();
    },
  });
  return html`<li>
    <p class="words">${content}</p>
    <p class="note">${name(staffName)}, ${time(date)}</p>
    <p class="buttons"><button @click=${edit}>Edit</button><button @click=${remove}>Delete</button></p>
  </li>`;
}

/**
 * @param {string} steamId @param {Punishment[]} punishments @param {() => void} reload
 */
export function showPunishments(steamId, punishments, reload) {
  const punish = onSubmit(async (fields, form) => askToPunish(steamId, fields, () => {
    form.reset();
    reload();
  }));
  return html`
    ${punishments.length
      ? html`<ul class="entries">${punishments.map(showPunishment)}</ul>`
      : html`<p class="empty">Never punished.</p>`}
    <form class="stacked" @submit=${punish}>
      <label>Punishment <select name="type">
        ${TYPES.map((type) => html`<option>${type}</option>`)}</select></label>
      <label>Reason <textarea name="reason" rows="2" required maxlength=${MAX_TEXT}></textarea></label>
      <label>Duration, as you say it; empty for none
        <input name="duration" maxlength="64" placeholder="3 days" autocomplete="off"></label>
      <div><button class="danger">Punish …</button></div>
      <output role="alert"></output>
    </form>`;
}

/** @param {Punishment} punishment */
function showPunishment({ type, reason, staffName, date, duration, active }) {
  return html`<li>
    <p><span class=${active ? "badge bad" : "badge"}>${type}</span>
      ${duration ? html`<bdi>${duration}</bdi>` : nothing} ${active ? nothing : "(over)"}</p>
    <p class="words">${reason}</p>
    <p class="note">${name(staffName)}, ${time(date)}</p>
  </li>`;
}

/**
 * @param {string} steamId @param {Record<string, string>} fields @param {() => void} done
 */
function askToPunish(steamId, { type, reason, duration }, done) {
  confirm({
    title: `Record a ${type}`,
    text: html`${type}${duration ? ` for ${duration}` : ""} is written into the file of
      <code>${steamId}</code> with your name. It cannot be removed.
      No game server is told: give it there too.`,
    action: `Record the ${type}`,
    act: async () => {
      const sent = { type, reason, ...(duration.trim() ? { duration: duration.trim() } : {}) };
      await send("POST", `${toPath(steamId)}/punishments`, sent);
      done();
    },
  });
}
