/** Plots: a figure with its numbers as a table. uPlot is loaded with the first one. */

import { html } from "./vendor/lit-html.js";
import { brief, number, time } from "./format.js";
import { table } from "./table.js";

/**
 * @typedef {{label: string, values: (number | null)[], format?: (value: any) => string,
 *   kind?: "line" | "bars"}} Series
 * @typedef {{title: string, x: number[], series: Series[], label?: (x: number) => unknown,
 *   isTime?: boolean, isUtc?: boolean, xTitle?: string}} Plot `x`: Unix seconds if `isTime`, which it
 *   is by default, in UTC if `isUtc`; `label`: an x as the table shows it
 */

/** @type {Promise<any> | undefined} */
let loading;

/** A script beside this module, which makes `uPlot` global, and the sheet that it measures by. */
function load() {
  loading ??= new Promise((resolve, reject) => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = new URL("./vendor/uPlot.min.css", import.meta.url).href;
    const script = document.createElement("script");
    script.src = new URL("./vendor/uPlot.iife.min.js", import.meta.url).href;
    let missing = 2;
    sheet.onload = script.onload = () => {
      if (!--missing) resolve(/** @type {any} */ (globalThis).uPlot);
    };
    sheet.onerror = script.onerror = () => {
      loading = undefined;
      reject(new Error("The plot's script could not be loaded."));
    };
    document.head.append(sheet, script);
  });
  return loading;
}

/** @param {Plot} options */
export function plot(options) {
  const { title, x, series, isTime = true, xTitle = isTime ? "Time" : "" } = options;
  const label = options.label ?? (isTime ? (/** @type {number} */ at) => time(at * 1000) : number);
  const columns = [
    { title: xTitle, view: (/** @type {number} */ index) => label(x[index]) },
    ...series.map(({ label: name, values, format = number }) => ({
      title: name,
      kind: /** @type {const} */ ("number"),
      view: (/** @type {number} */ index) => format(values[index]),
    })),
  ];
  return html`<figure class="plot">
    <figcaption>${title}</figcaption>
    <line-plot aria-hidden="true" .plot=${options}></line-plot>
    <details>
      <summary>Numbers</summary>
      ${table({ caption: title, columns, rows: [...x.keys()] })}
    </details>
  </figure>`;
}

class LinePlot extends HTMLElement {
  /** @type {Plot | null} */
  #plot = null;
  /** @type {any} */
  #drawn = null;
  #spelled = "";
  #observer = new ResizeObserver(() => this.#resize());
  #scheme = matchMedia("(prefers-color-scheme: dark)");

  connectedCallback() {
    this.#observer.observe(this);
    this.#scheme.addEventListener("change", this.#redraw);
    this.#redraw();
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    this.#scheme.removeEventListener("change", this.#redraw);
    this.#drawn?.destroy();
    this.#drawn = null;
  }

  /** @param {Plot} options */
  set plot(options) {
    const { x, series } = options;
    const spelled = JSON.stringify([x, series]);
    this.#plot = options;
    if (spelled === this.#spelled) return; // the same numbers are not drawn again
    this.#spelled = spelled;
    if (this.isConnected) this.#redraw();
  }

  #redraw = async () => {
    const uPlot = await load();
    this.#drawn?.destroy();
    this.#drawn = null;
    if (!this.#plot || !this.isConnected || !this.clientWidth) return;
    const { x, series } = this.#plot;
    this.#drawn = new uPlot(this.#options(uPlot), [x, ...series.map(({ values }) => values)], this);
  };

  #resize() {
    if (this.#drawn) this.#drawn.setSize({ width: this.clientWidth, height: this.clientHeight - LEGEND });
    else this.#redraw();
  }

  /** @param {any} uPlot */
  #options(uPlot) {
    const { series, isTime = true, isUtc = false } = /** @type {Plot} */ (this.#plot);
    const colours = getComputedStyle(this);
    const ink = colours.getPropertyValue("--muted").trim();
    const grid = { stroke: colours.getPropertyValue("--line").trim(), width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui" };
    const numbers = (/** @type {any} */ _, /** @type {number[]} */ all) => all.map(brief);
    const range = (/** @type {any} */ _, low = 0, high = 1) => [
      Math.min(0, low), high > 0 ? high * 1.05 : 1,
    ];
    return {
      width: this.clientWidth,
      height: this.clientHeight - LEGEND,
      tzDate: isUtc
        ? (/** @type {number} */ at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : undefined,
      scales: { x: { time: isTime }, y: { range } },
      axes: [{ ...axis, space: 80 }, { ...axis, size: 56, values: numbers }],
      series: [
        {},
        ...series.map(({ label, kind, format = number }, index) => {
          const stroke = colours.getPropertyValue(`--series-${index + 1}`).trim();
          return {
            label, stroke, width: 2,
            fill: kind === "bars" ? stroke : undefined,
            paths: kind === "bars" ? uPlot.paths.bars({ size: [0.8, 60] }) : undefined,
            points: { show: kind !== "bars" && undefined },
            value: (/** @type {any} */ _, /** @type {any} */ value) => format(value),
          };
        }),
      ],
    };
  }
}

const LEGEND = 36; // pixels

customElements.define("line-plot", LinePlot);
