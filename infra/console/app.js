/** The console: shows the page that the address names, and loads its panels. */

import { html, nothing, render } from "./vendor/lit-html.js";
import { listEntries, NEEDS, PAGES, SECTIONS } from "./pages.js";
import { Panel } from "./panel.js";
import { getName, getRights, onChange, signOut } from "./session.js";
import { link, parse } from "./url.js";

/** @typedef {import("./url.js").State} State */
/** @typedef {Record<string, Panel>} Panels */
/**
 * @typedef {{
 *   load?: (state: State) => Record<string, import("./panel.js").Load | import("./panel.js").Loader>,
 *   view: (state: State, data: any) => unknown,
 *   open?: (state: State, redraw: () => void) => (() => void) | void,
 * }} Page `open`: what a page does while it is shown; gives what ends that
 */

const root = /** @type {HTMLElement} */ (document.getElementById("console"));
let state = parse(location.hash);
/** @type {Page | null} */
let page = null;
/** @type {Panels} */
let panels = {};
/** @type {(() => void) | void} */
let close;
/** @type {"loading" | "ready" | "missing" | "closed" | "failed"} */
let phase = "loading";
let visit = 0;
let isDue = false;

/** Draws soon, once for all that changed. */
function redraw() {
  if (isDue) return;
  isDue = true;
  queueMicrotask(() => {
    isDue = false;
    render(layout(), root);
  });
}

/** Goes where the address says. */
async function visitAddress() {
  const before = state;
  state = parse(location.hash);
  const isSame = page !== null && before.page === state.page && before.id === state.id;
  const current = ++visit;
  leave(isSame);
  document.title = `${PAGES[state.page]?.title ?? "Not found"} · Tiltyard`;
  if (!isSame) {
    page = null;
    await open(current);
    if (current !== visit) return;
  }
  if (page) enter(page, isSame);
  redraw();
  if (!isSame) queueMicrotask(() => announce());
}

/** @param {number} current */
async function open(current) {
  const entry = Object.hasOwn(PAGES, state.page) ? PAGES[state.page] : null;
  phase = !entry ? "missing" : entry.needs && !getRights().has(entry.needs) ? "closed" : "loading";
  redraw();
  if (phase !== "loading") return;
  try {
    const module = await import(`./pages/${state.page.replaceAll("-", "_")}.js`);
    if (current !== visit) return;
    page = module;
    phase = "ready";
  } catch (error) {
    if (current !== visit) return;
    phase = "failed";
    queueMicrotask(() => { throw error; });
  }
}

/** @param {Page} shown @param {boolean} isSame whether the page stays, with other filters */
function enter(shown, isSame) {
  const before = panels;
  panels = {};
  for (const [name, loader] of Object.entries(shown.load?.(state) ?? {})) {
    const panel = new Panel(loader, redraw);
    // What the filters before showed stays until there is something else.
    if (isSame && before[name]) panel.value = before[name].value;
    panels[name] = panel;
  }
  close = shown.open?.(state, redraw);
  for (const panel of Object.values(panels)) panel.start();
}

/** @param {boolean} isSame */
function leave(isSame) {
  for (const panel of Object.values(panels)) panel.close();
  if (!isSame) panels = {};
  close?.();
  close = undefined;
}

/** Whoever does not see hears where they are, and reads on from there. */
function announce() {
  scrollTo(0, 0);
  const heading = document.querySelector("main h1");
  if (heading instanceof HTMLElement && document.activeElement !== document.body) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

function layout() {
  const rights = getRights();
  return html`
    <a class="skip" href="#content" @click=${skip}>Skip to the content</a>
    <header class="bar">
      <a class="brand" href=${link("overview")}>Tiltyard</a>
      <details class="menu">
        <summary>Menu</summary>
        <nav aria-label="Pages">
          ${SECTIONS.map((section) => showSection(section, rights))}
          <ul><li><a href="docs">API reference</a></li></ul>
        </nav>
      </details>
      <div class="who">${showVisitor()}</div>
    </header>
    <main id="content" tabindex="-1">${content()}</main>
  `;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault(); // the address is the console's
  document.getElementById("content")?.focus();
}

/** @param {string} section @param {Set<string>} rights */
function showSection(section, rights) {
  const entries = listEntries(section, rights);
  if (!entries.length) return nothing;
  const shown = PAGES[state.page]?.under ?? state.page;
  return html`<h2>${section}</h2>
    <ul>
      ${entries.map(([name, { title }]) => html`<li>
        <a href=${link(name)} aria-current=${name === shown ? "page" : nothing}
          @click=${closeMenu}>${title}</a>
      </li>`)}
    </ul>`;
}

/** @param {Event} event */
function closeMenu(event) {
  if (matchMedia("(max-width: 60rem)").matches) {
    /** @type {HTMLElement} */ (event.currentTarget).closest("details")?.removeAttribute("open");
  }
}

function showVisitor() {
  const name = getName();
  if (name) {
    return html`<a class="name" href=${link("password")} title="Change your password"><bdi>${name}</bdi></a>
      <button @click=${signOut}>Sign out</button>`;
  }
  if (state.page === "sign-in") return nothing;
  return html`<a class="button" href=${link("sign-in", "", { back: location.hash })}>Sign in</a>`;
}

function content() {
  if (phase === "ready" && page) return page.view(state, panels);
  const title = PAGES[state.page]?.title ?? "Not found";
  if (phase === "loading") return html`<h1>${title}</h1><p class="loading" role="status">Loading …</p>`;
  if (phase === "missing") {
    return html`<h1>Not found</h1>
      <p>There is no such page. <a href=${link("overview")}>Go to the overview</a></p>`;
  }
  if (phase === "failed") {
    return html`<h1>${title}</h1>
      <div class="problem" role="alert">
        <p><strong>The page could not be loaded.</strong></p>
        <p>There is no connection, or a new version of the console.</p>
        <button @click=${() => location.reload()}>Reload</button>
      </div>`;
  }
  return html`<h1>${title}</h1>
    <div class="problem" data-kind="forbidden">
      <p>${NEEDS[PAGES[state.page].needs ?? ""]}</p>
      <a class="button" href=${link("sign-in", "", { back: location.hash })}>
        ${getName() ? "Sign in as somebody else" : "Sign in"}
      </a>
    </div>`;
}

addEventListener("hashchange", visitAddress);
onChange(() => {
  // Another visitor may open other pages, and gets other answers.
  page = null;
  visitAddress();
});

const wide = matchMedia("(min-width: 60rem)");
/** The menu stands open beside the page where there is room. */
function fitMenu() {
  document.querySelector(".menu")?.toggleAttribute("open", wide.matches);
}
wide.addEventListener("change", fitMenu);

visitAddress();
queueMicrotask(fitMenu);
