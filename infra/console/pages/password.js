/** Changing the own password: whoever got one from an admin must do so first. */

import { html } from "../vendor/lit-html.js";
import { request } from "../api.js";
import { onSubmit } from "../form.js";
import { getName, signIn } from "../session.js";

/** @typedef {import("../url.js").State} State */

/** @param {State} state */
export function view({ query }) {
  const changeIt = onSubmit(async ({ currentPassword, newPassword, again }) => {
    if (newPassword !== again) return "The new password is not the same twice.";
    // 401 means a wrong password here, and no end of the session.
    await request("POST", "api/auth/change-password", {
      body: { currentPassword, newPassword }, again: false,
    });
    const name = getName();
    location.hash = query.back?.startsWith("#/") ? query.back : "";
    await signIn(name, newPassword); // doors that were closed until now
  });
  return html`<h1>Change your password</h1>
    <section class="panel" aria-labelledby="password">
      <header><h2 id="password">Password of <bdi>${getName()}</bdi></h2></header>
      <p>One that an admin gave you opens nothing until you have chosen your own.</p>
      <form class="stacked" @submit=${changeIt}>
        <label>Present password
          <input name="currentPassword" type="password" required maxlength="1000"
            autocomplete="current-password">
        </label>
        <label>New password
          <input name="newPassword" type="password" required minlength="8" maxlength="100"
            autocomplete="new-password">
        </label>
        <label>New password, again
          <input name="again" type="password" autocomplete="new-password" required maxlength="100">
        </label>
        <div><button class="primary">Change it</button></div>
        <output role="alert"></output>
      </form>
    </section>`;
}
