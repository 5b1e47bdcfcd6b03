/**
 * Panels: each part of a page that loads, fails and is tried again alone.
 *
 * A page's `load(state)` names its panels and gives each a loader: a function, or an object that also
 * says how to go on: `more` (the next page, put after the value), `every` (again after so many
 * milliseconds) or `follow` (a value at each event, until the signal).
 */

import { html, nothing } from "./vendor/lit-html.js";
import { ApiError } from "./errors.js";
import { link } from "./url.js";

/** @typedef {import("./url.js").State} State */
/** @typedef {import("./vendor/lit-html.js").TemplateResult | typeof nothing | string | number} Content */
/**
 * @typedef {(value: any) => void} Push
 * @typedef {(signal: AbortSignal) => Promise<any>} Load
 * @typedef {{load?: Load, every?: number,
 *   more?: (value: any, signal: AbortSignal) => Promise<any>, hasMore?: (value: any) => boolean,
 *   follow?: (push: Push, fail: (error: unknown) => void, signal: AbortSignal) => void}} Loader
 */

const SLOW = 2000; // milliseconds after which a visitor hears that it takes long
let count = 0;

/** One loader and what became of it. */
export class Panel {
  /** @type {any} what was loaded last; undefined before */
  value = undefined;
  /** @type {ApiError | null} of the last attempt */
  error = null;
  isLoading = false;
  isSlow = false;
  id = `panel-${++count}`;
  #stop = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Load | Loader} loader @param {() => void} redraw */
  constructor(loader, redraw) {
    this.loader = typeof loader === "function" ? { load: loader } : loader;
    this.redraw = redraw;
  }

  /** Whether another page of the list can be had. */
  get hasMore() {
    return this.value !== undefined && Boolean(this.loader.hasMore?.(this.value));
  }

  /** Loads, again if need be. */
  start = () => {
    this.close();
    this.#stop = new AbortController();
    const { load, follow, every } = this.loader;
    const { signal } = this.#stop;
    if (follow) this.#run(signal, undefined);
    follow?.((value) => this.#succeed(signal, value), (error) => this.#fail(signal, error), signal);
    if (load) this.#run(signal, load(signal), every);
  };

  /** Loads the next page of the list. */
  more = () => {
    const { more } = this.loader;
    if (this.isLoading || !more || !this.hasMore) return;
    this.#run(this.#stop.signal, more(this.value, this.#stop.signal));
  };

  /** Stops whatever is under way. */
  close() {
    clearTimeout(this.#timer);
    this.#stop.abort();
    this.isLoading = false;
  }

  /** @param {AbortSignal} signal @param {Promise<any> | undefined} work @param {number} [every] */
  async #run(signal, work, every) {
    this.isLoading = true;
    this.isSlow = false;
    this.error = null;
    const slow = setTimeout(() => {
      this.isSlow = !signal.aborted && this.isLoading;
      if (this.isSlow) this.redraw();
    }, SLOW);
    this.redraw();
    if (!work) return;
    try {
      this.#succeed(signal, await work);
    } catch (error) {
      this.#fail(signal, error);
    }
    clearTimeout(slow);
    if (every && !signal.aborted) this.#again(every);
  }

  /** Loads again after a while; a hidden tab waits until it is seen. @param {number} every */
  #again(every) {
    this.#timer = setTimeout(() => (document.hidden ? this.#again(every) : this.start()), every);
  }

  /** @param {AbortSignal} signal @param {any} value */
  #succeed(signal, value) {
    if (signal.aborted) return;
    this.value = value;
    this.error = null;
    this.isLoading = false;
    this.redraw();
  }

  /** @param {AbortSignal} signal @param {unknown} error */
  #fail(signal, error) {
    if (signal.aborted) return;
    this.isLoading = false;
    if (error instanceof ApiError) this.error = error;
    else {
      this.error = new ApiError("refused", "The console has an error here.");
      queueMicrotask(() => { throw error; });
    }
    this.redraw();
  }
}

/**
 * A loader of a list that goes on by cursors.
 * @param {(cursor: string | undefined, signal: AbortSignal) => Promise<import("./api.js").Page>} load
 * @returns {Loader}
 */
export function paged(load) {
  return {
    load: (signal) => load(undefined, signal),
    hasMore: ({ next }) => Boolean(next),
    more: async (value, signal) => {
      const page = await load(value.next, signal);
      return { ...page, items: [...value.items, ...page.items] };
    },
  };
}

/**
 * A panel as a section with a heading.
 * @param {Panel} panel
 * @param {{title: string, view: (value: any) => unknown, empty?: string, isEmpty?: (value: any) => boolean,
 *   tools?: unknown, id?: string}} options `empty`: the sentence for nothing to show; `tools`: what
 *   stands beside the heading; `id`: tells sections of one panel apart
 */
export function show(panel, options) {
  const { title, view, empty = "Nothing here yet.", isEmpty = isNothing, tools, id = "" } = options;
  const { value, error, isLoading } = panel;
  const heading = `${panel.id}${id && `-${id}`}`;
  return html`<section class="panel" aria-labelledby=${heading} aria-busy=${isLoading}>
    <header>
      <h2 id=${heading}>${title}</h2>
      ${isLoading && value !== undefined ? html`<span class="spinner" aria-hidden="true"></span>` : nothing}
      ${tools ?? nothing}
    </header>
    ${error ? showError(error, panel.start) : nothing}
    ${value !== undefined
      ? isEmpty(value) ? html`<p class="empty">${empty}</p>` : view(value)
      : error ? nothing : showLoading(panel)}
  </section>`;
}

/**
 * A further section of a panel: nothing until there is a value, for the first one says how it is.
 * @param {Panel} panel
 * @param {{id: string, title: string, view: (value: any) => unknown, empty?: string,
 *   isEmpty?: (value: any) => boolean}} options
 */
export function showPart(panel, { id, title, view, empty = "Nothing here yet.", isEmpty = isNothing }) {
  const { value } = panel;
  if (value === undefined) return nothing;
  const heading = `${panel.id}-${id}`;
  return html`<section class="panel" aria-labelledby=${heading}>
    <header><h2 id=${heading}>${title}</h2></header>
    ${isEmpty(value) ? html`<p class="empty">${empty}</p>` : view(value)}
  </section>`;
}

/** @param {Panel} panel */
function showLoading({ isSlow }) {
  return html`<div class="loading" role="status">
    <div class="skeleton"></div><div class="skeleton"></div><div class="skeleton"></div>
    <p class=${isSlow ? "" : "visually-hidden"}>${isSlow ? "This takes longer than usual …" : "Loading"}</p>
  </div>`;
}

/** @type {Record<import("./errors.js").Kind, string>} */
const HEADINGS = {
  offline: "No connection",
  slow: "No answer in time",
  unauthorized: "Sign in to see this",
  forbidden: "Not allowed",
  missing: "Not found",
  limited: "Too many requests",
  unavailable: "The server cannot answer now",
  refused: "Refused",
};

/**
 * What went wrong, and a button that tries again.
 * @param {ApiError} error
 * @param {() => void} [retry]
 */
export function showError(error, retry) {
  const { kind, message, retryAfter, requestId } = error;
  return html`<div class="problem" data-kind=${kind} role="alert">
    <p><strong>${HEADINGS[kind]}</strong></p>
    <p>${message}${retryAfter ? ` Try again in ${retryAfter} s.` : nothing}</p>
    ${kind === "unavailable" && requestId ? html`<p class="note">Request ${requestId}</p>` : nothing}
    ${kind === "unauthorized"
      ? html`<a class="button" href=${link("sign-in", "", { back: location.hash })}>Sign in</a>`
      : retry && kind !== "forbidden" ? html`<button @click=${retry}>Try again</button>` : nothing}
  </div>`;
}

/** @param {any} value */
function isNothing(value) {
  return value === null || (Array.isArray(value?.items ?? value) && !(value.items ?? value).length);
}
