/** One user: role, ban, mute, sign out. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, send } from "../api.js";
import { confirm } from "../dialog.js";
import { ago, name, time, toDate } from "../format.js";
import { askToMute, askToUnmute } from "../muting.js";
import { show } from "../panel.js";
import { getRights } from "../session.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {import("../panel.js").Panel} Panel */

/** @type {[string, string][]} */
const ROLES = [
  ["player", "player: plays"],
  ["organizer", "organizer: also holds tournaments"],
  ["staff", "staff: also reads logs and files, and moderates"],
  ["admin", "admin: also manages servers, keys and users"],
];
const REASON = html`<label>Reason, for the audit <input name="reason" required maxlength="500"></label>`;

/** @param {string} id */
const toPath = (id) => `api/admin/users/${encodeURIComponent(id)}`;

/** @param {State} state */
export function load({ id }) {
  return { user: (/** @type {AbortSignal} */ signal) => get(toPath(id), {}, signal) };
}

/** @param {State} state @param {{user: Panel}} data */
export function view({ id }, { user }) {
  return html`<h1>${name(user.value?.username, "User")}</h1>
    <p class="note">User <code>${id}</code> · <a href=${link("users")}>All users</a></p>
    ${show(user, {
      title: "Account",
      view: (value) => html`${showFacts(value)}${showActions(value, user.start)}`,
    })}`;
}

/** @param {any} user */
function isMuted({ muted_until: until }) {
  return (toDate(until)?.getTime() ?? 0) > Date.now();
}

/** @param {any} user */
function showFacts(user) {
  return html`<dl class="facts">
    <div><dt>Role</dt><dd>${user.role}</dd></div>
    <div><dt>E-mail</dt><dd>${name(user.email)}</dd></div>
    <div><dt>State</dt><dd>${user.banned
      ? html`<span class="badge bad">banned</span>` : html`<span class="badge good">active</span>`}</dd></div>
    <div><dt>Chat</dt><dd>${isMuted(user)
      ? html`muted until ${time(user.muted_until)}` : "may write"}</dd></div>
    <div><dt>Seen</dt><dd>${ago(user.last_seen_at)}</dd></div>
    <div><dt>Registered</dt><dd>${time(user.created_at)}</dd></div>
    <div><dt>Public id</dt><dd><code>${user.public_id}</code></dd></div>
    ${user.must_change_password
      ? html`<div><dt>Password</dt><dd>must be changed at the next sign-in</dd></div>` : nothing}
  </dl>`;
}

/** @param {any} user @param {() => void} reload */
function showActions(user, reload) {
  const mute = () => (isMuted(user) ? askToUnmute : askToMute)(user.id, user.username, reload);
  return html`<div class="buttons">
    <button @click=${mute}>${isMuted(user) ? "End the mute …" : "Mute …"}</button>
    ${getRights().has("admin")
      ? html`
        <button @click=${() => changeRole(user, reload)}>Change the role …</button>
        <button @click=${() => signOut(user, reload)}>Sign out everywhere …</button>
        <button class="danger" @click=${() => ban(user, reload)}>
          ${user.banned ? "End the ban" : "Ban"} …</button>`
      : nothing}
  </div>`;
}

/** @param {any} user @param {() => void} reload */
function changeRole({ id, username, role }, reload) {
  confirm({
    title: "Change the role",
    text: html`It counts from the next request of ${name(username)} on.`,
    action: "Change the role",
    fields: html`<label>Role <select name="role">
        ${ROLES.map(([value, title]) => html`<option value=${value} ?selected=${value === role}>
          ${title}</option>`)}
      </select></label>${REASON}`,
    act: async ({ role: chosen, reason }) => {
      await send("PATCH", toPath(id), { role: chosen, reason });
      reload();
    },
  });
}

/** @param {any} user @param {() => void} reload */
function ban({ id, username, banned }, reload) {
  confirm({
    title: banned ? "End the ban" : "Ban",
    text: banned
      ? html`${name(username)} can sign in again.`
      : html`${name(username)} is signed out everywhere and cannot sign in, at any door,
        until the ban is ended.`,
    action: banned ? "End the ban" : "Ban",
    isDangerous: !banned,
    fields: REASON,
    act: async ({ reason }) => {
      await send("PATCH", toPath(id), { is_active: banned, reason });
      reload();
    },
  });
}

/** @param {any} user @param {() => void} reload */
function signOut({ id, username }, reload) {
  confirm({
    title: "Sign out everywhere",
    text: html`${name(username)} has to sign in again on every device. Who knows their password still can.`,
    action: "Sign them out",
    fields: html`<label>Reason, for the audit <input name="reason" maxlength="500"></label>`,
    act: async ({ reason }) => {
      await send("POST", `${toPath(id)}/logout`, reason.trim() ? { reason: reason.trim() } : {});
      reload();
    },
  });
}
