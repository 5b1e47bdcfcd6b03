/** Sign in at all doors with one form, and keys for what logins do not open. */

import { html, nothing } from "../vendor/lit-html.js";
import { onSubmit } from "../form.js";
import { getRights, setKey, signIn } from "../session.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */

/** @param {State} state */
export function view({ query }) {
  const rights = getRights();
  const signInHere = onSubmit(async ({ name, password }) => {
    const { back } = query;
    if (await signIn(name, password)) location.hash = link("password", "", { back });
    else goBack(back);
  });
  return html`<h1>Sign in</h1>
    <div class="columns">
      <section class="panel" aria-labelledby="account">
        <header><h2 id="account">Account</h2></header>
        <p>One account opens the web game, the panel of the staff and the tracker.</p>
        <form class="stacked" @submit=${signInHere}>
          <label>Name or e-mail <input name="name" autocomplete="username" required maxlength="254"></label>
          <label>Password
            <input name="password" type="password" autocomplete="current-password" required maxlength="1000">
          </label>
          <button class="primary">Sign in</button>
          <output role="alert"></output>
        </form>
      </section>
      <section class="panel" aria-labelledby="keys">
        <header><h2 id="keys">API keys</h2></header>
        <p>Keys are kept until this tab is closed, and sent nowhere but to this server.</p>
        ${keyForm("tilt", "tilt:read", "Tilt of users", rights.has("tilt:read"), query.back)}
        ${keyForm("analyst", "analyst", "Rollups", rights.has("analyst"), query.back)}
      </section>
    </div>`;
}

/**
 * @param {import("../session.js").KeyKind} kind
 * @param {string} scope
 * @param {string} title
 * @param {boolean} isKept
 * @param {string} [back]
 */
function keyForm(kind, scope, title, isKept, back) {
  const keep = onSubmit(async ({ key }, form) => {
    setKey(kind, key.trim());
    form.reset();
    goBack(back);
  });
  return html`<form class="stacked" @submit=${keep}>
    <label>${title}: key of scope <code>${scope}</code>
      <input name="key" type="password" autocomplete="off" required maxlength="500">
    </label>
    <div>
      <button>Use this key</button>
      ${isKept ? html`<button type="button" @click=${() => setKey(kind, "")}>Forget it</button>` : nothing}
    </div>
    <output></output>
  </form>`;
}

/** @param {string} [back] the address that asked to sign in */
function goBack(back) {
  location.hash = back?.startsWith("#/") ? back : "";
}
