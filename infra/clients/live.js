// @ts-check
/**
 * A client of Tiltyard's rooms: battles, and whatever else numbers its events.
 *
 * Each event of a room reaches the caller once and in order, however often the connection is lost:
 * a frame is applied only if its number follows the last one, a gap is closed by `resume`, and a
 * room whose history changed, or of which too much was missed, arrives whole as a snapshot.
 * The same client for Python is tiltyard_live.py.
 *
 * Longer than 300 lines because a page takes it as the one file that it is.
 */

/** @typedef {{type: string, [field: string]: any}} Frame what server and client send */
/** @typedef {{token: string} | {ticket: string} | {bearer: string}} Credential
 *  `bearer` travels as a subprotocol, and so stands in no log; a ticket opens one connection */
/** @typedef {"connecting" | "catching up" | "live" | "closed"} Status */
/** @typedef {"snapshot" | "event" | "message"} Kind */
/** @typedef {{frame: Frame, ref?: string, tries: number,
 *   resolve: (ack: Frame) => void, reject: (reason: Error) => void}} Entry */

/**
 * @typedef {object} Timing all in milliseconds
 * @property {number} gap how long a gap may close by itself
 * @property {number} timeout for the answer to anything; then the connection counts as lost
 * @property {number} backoff before the second attempt to connect; doubled for each one after it
 * @property {number} maxBackoff
 * @property {number} [ping] between pings; by default what the server asks for, or a minute
 */

/**
 * @typedef {object} Options
 * @property {() => Credential | Promise<Credential>} credential asked before each connection
 * @property {(frame: Frame) => void} [onSnapshot] the whole room as of `frame.seq`: it replaces all
 *   that was known. The first `connected` is one.
 * @property {(frame: Frame) => void} [onEvent] the event that follows the last one
 * @property {(frame: Frame) => void} [onMessage] what has no number: presence, logs, errors
 * @property {(status: Status, reason?: Error) => void} [onStatus]
 * @property {boolean} [numbered] false for rooms that send no `connected`, such as the tavern: all
 *   that they send is a message
 * @property {Partial<Timing>} [timing]
 */

/** @type {Timing} */
const TIMING = { gap: 500, timeout: 10_000, backoff: 1_000, maxBackoff: 30_000 };
const PING = 60_000;
const MAX_TRIES = 5;
const MAX_WAITING = 100;
const MAX_EARLY = 1_000;

/** The server's refusal: `frame` is its `error`. */
export class Refused extends Error {
  /** @param {Frame} frame */
  constructor(frame) {
    super(frame.message ?? frame.detail ?? "refused");
    this.name = "Refused";
    this.frame = frame;
  }
}

/** Puts what a room sends into its order, whatever the network does to it. */
export class Order {
  /** @type {number | null} the number of the last event that was delivered */
  last = null;
  /** @type {string | null} the history that the numbers belong to */
  epoch = null;
  isGreeted = false;
  #known = 0; // the highest number that the server has named
  #isDoubted = false; // the server has another history than is known here
  /** @type {Map<number, Frame>} events that came before their turn */
  #early = new Map();

  /** Whether nothing is known to be missing. */
  get isCurrent() {
    return this.isGreeted && !this.#isDoubted && this.#known <= Number(this.last);
  }

  /** Begins with a new connection: what comes before its `connected` has to wait. */
  open() {
    this.isGreeted = false;
    this.#early.clear();
  }

  /**
   * What there is to deliver now, in order.
   * @param {Frame} frame
   * @returns {[Kind, Frame][]}
   */
  receive(frame) {
    switch (frame.type) {
      case "batch":
        return frame.events.flatMap((/** @type {Frame} */ event) => this.receive(event));
      case "connected":
        return this.#greet(frame);
      case "snapshot":
        return this.#isWanted(frame) ? this.#restart(frame) : [];
      case "resumed":
        this.#isDoubted = false;
        this.#know(frame.to_seq);
        return [];
      case "pong":
        this.#isDoubted ||= (frame.epoch ?? this.epoch) !== this.epoch;
        this.#know(frame.seq);
        return [];
      case "ack":
      case "reconnect": // its number is the room's, like a pong's
        this.#know(frame.seq);
        return [];
    }
    if (!Number.isInteger(frame.seq)) return [["message", frame]];
    if (this.#early.size < MAX_EARLY) this.#early.set(frame.seq, frame);
    if (!this.isGreeted) return [];
    this.#know(frame.seq);
    return this.#drain();
  }

  /** @param {Frame} frame @returns {[Kind, Frame][]} */
  #greet(frame) {
    if (this.isGreeted) return []; // a copy
    this.isGreeted = true;
    if (this.last === null || !this.#continues(frame)) return this.#restart(frame);
    this.#know(Math.max(frame.seq, ...this.#early.keys()));
    return [["message", frame], ...this.#drain()];
  }

  /** @param {Frame} frame @returns {[Kind, Frame][]} */
  #restart(frame) {
    if (frame.type !== "connected" && frame.epoch !== this.epoch) this.#early.clear();
    this.epoch = frame.epoch ?? null;
    this.last = frame.seq;
    this.#isDoubted = false;
    this.#known = Math.max(frame.seq, ...this.#early.keys());
    return [["snapshot", frame], ...this.#drain()];
  }

  /** @returns {[Kind, Frame][]} */
  #drain() {
    /** @type {[Kind, Frame][]} */
    const events = [];
    for (let next; (next = this.#early.get(Number(this.last) + 1)); this.last = next.seq) {
      events.push(["event", next]);
    }
    for (const seq of this.#early.keys()) if (seq <= Number(this.last)) this.#early.delete(seq);
    return events;
  }

  /** Whether what is known is the past of what the server has. @param {Frame} frame */
  #continues(frame) {
    return (frame.epoch ?? this.epoch) === this.epoch && frame.seq >= Number(this.last);
  }

  /** Whether events have not overtaken a snapshot. @param {Frame} frame */
  #isWanted(frame) {
    return this.isGreeted && (frame.epoch !== this.epoch || this.#continues(frame));
  }

  /** @param {unknown} seq */
  #know(seq) {
    if (this.isGreeted && typeof seq === "number") this.#known = Math.max(this.#known, seq);
  }
}

/** A room that is followed until `close`, or until the server ends it with `closing: true`. */
export class Room {
  #order = new Order();
  /** @type {Status} */
  #status = "connecting";
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<string, ReturnType<typeof setTimeout>>} by what they wait for */
  #timers = new Map();
  /** @type {Entry[]} what is to be sent; the first may have been, and wait for its `ack` */
  #outbox = [];
  #isReady = false;
  #attempts = 0;
  #attempt = {}; // the present one

  /**
   * @param {string} url ws://host/ws/battle/7
   * @param {Options} options
   */
  constructor(url, options) {
    this.url = url;
    this.options = options;
    this.timing = { ...TIMING, ...options.timing };
    globalThis.addEventListener?.("online", this.#hurry);
    this.#connect();
  }

  get status() {
    return this.#status;
  }

  /** The number of the last event that was delivered. */
  get seq() {
    return this.#order.last;
  }

  /**
   * Sends a message once, as soon as there is a connection.
   * @param {Frame | {[field: string]: any}} message
   */
  send(message) {
    this.#enqueue({ frame: /** @type {Frame} */ (message) });
  }

  /**
   * Has a command done once: it is sent again until it is answered, also by later connections, and
   * the next one waits for it.
   * @param {any} body
   * @param {{[field: string]: any}} [more] such as `if_version`
   * @returns {Promise<Frame>} its `ack`; Refused, if the server answers with `error`
   */
  command(body, more = {}) {
    const ref = crypto.getRandomValues(new Uint32Array(4)).join("-"); // randomUUID needs https
    return new Promise((resolve, reject) => {
      this.#enqueue({ frame: { ...more, type: "command", ref, body }, ref, resolve, reject });
    });
  }

  /** Leaves the room. Commands that were not answered are rejected. */
  close() {
    this.#end(new Error("closed"));
  }

  async #connect() {
    const attempt = (this.#attempt = {});
    this.#expect("connection");
    try {
      const credential = await this.options.credential();
      if (attempt === this.#attempt) this.#listen(openSocket(this.url, credential));
    } catch (error) {
      if (attempt === this.#attempt) this.#lose(/** @type {Error} */ (error));
    }
  }

  /** @param {WebSocket} socket */
  #listen(socket) {
    this.#socket = socket;
    this.#order.open();
    socket.onopen = () => this.options.numbered === false && this.#ready({ type: "open" });
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#lose(new Error(`closed with ${code}`));
  }

  /** @param {string} text */
  #receive(text) {
    /** @type {Frame} */
    const frame = JSON.parse(text);
    if (frame.type === "pong") this.#meet("pong");
    if (frame.type === "resumed" || frame.type === "snapshot") this.#meet("answer to resume");
    const isNumbered = this.options.numbered !== false;
    const { onSnapshot, onEvent, onMessage } = this.options;
    const handlers = { snapshot: onSnapshot, event: onEvent, message: onMessage };
    for (const [kind, one] of isNumbered ? this.#order.receive(frame) : asMessages(frame)) {
      call(handlers[kind], one);
      if (this.#status === "closed") return;
    }
    if (frame.type === "connected" && !this.#isReady) this.#ready(frame);
    if (frame.type === "ack" || frame.type === "error") this.#settle(frame);
    if (frame.closing) this.#end(new Refused(frame));
    else if (frame.type === "reconnect") this.#lose(new Error("the server asks to reconnect"));
    else if (isNumbered && this.#order.isGreeted) this.#follow(frame.type === "connected");
  }

  /** The server takes messages now. @param {Frame} frame */
  #ready(frame) {
    this.#meet("connection");
    this.#isReady = true;
    this.#attempts = 0;
    if (this.options.numbered === false) this.#tell("live");
    this.#ping(this.timing.ping ?? (frame.ping_every ? frame.ping_every * 1000 : PING));
    this.#flush();
  }

  /** Closes a gap, after a moment in which it may close by itself. @param {boolean} atOnce */
  #follow(atOnce) {
    if (this.#order.isCurrent) {
      this.#meet("gap");
      this.#meet("answer to resume");
      this.#tell("live");
    } else if (!this.#timers.has("gap") && !this.#timers.has("answer to resume")) {
      this.#tell("catching up");
      this.#after("gap", atOnce ? 0 : this.timing.gap, () => {
        const { last, epoch } = this.#order;
        this.#socket?.send(JSON.stringify({
          type: "resume", last_seq: last, batch: true, ...(epoch === null ? {} : { epoch }),
        }));
        this.#expect("answer to resume");
      });
    }
  }

  /** @param {number} every milliseconds */
  #ping(every) {
    this.#after("ping", every, () => {
      this.#socket?.send('{"type":"ping"}');
      if (!this.#timers.has("pong")) this.#expect("pong");
      this.#ping(every);
    });
  }

  /** @param {Partial<Entry> & {frame: Frame}} entry */
  #enqueue(entry) {
    if (this.#status === "closed") throw new Error("The room is closed.");
    if (this.#outbox.length >= MAX_WAITING) throw new Error("Too much waits to be sent.");
    this.#outbox.push({ tries: 0, resolve: () => {}, reject: () => {}, ...entry });
    this.#flush();
  }

  #flush() {
    while (this.#isReady && this.#outbox.length && !this.#timers.has("ack")) {
      const [entry] = this.#outbox;
      if (!entry.ref) this.#outbox.shift();
      else if (++entry.tries > MAX_TRIES) {
        this.#outbox.shift();
        entry.reject(new Error("The server does not answer this command."));
        continue;
      } else this.#expect("ack");
      this.#socket?.send(JSON.stringify(entry.frame));
    }
  }

  /** @param {Frame} frame */
  #settle(frame) {
    const [entry] = this.#outbox;
    if (!entry?.ref || entry.ref !== frame.ref) return; // a copy, or of no command
    this.#outbox.shift();
    this.#meet("ack");
    if (frame.type === "ack") entry.resolve(frame);
    else entry.reject(new Refused(frame));
    this.#flush();
  }

  /** Gives the connection up, and opens another one after a while. @param {Error} reason */
  #lose(reason) {
    if (this.#status === "closed") return;
    this.#drop();
    this.#tell("connecting", reason);
    const { backoff, maxBackoff } = this.timing;
    const wait = Math.min(maxBackoff, backoff * 2 ** this.#attempts++);
    this.#after("retry", wait * (0.5 + Math.random() / 2), () => this.#connect());
  }

  #hurry = () => {
    if (this.#timers.has("retry")) this.#after("retry", 0, () => this.#connect());
  };

  /** @param {Error} reason */
  #end(reason) {
    if (this.#status === "closed") return;
    this.#drop();
    globalThis.removeEventListener?.("online", this.#hurry);
    this.#tell("closed", reason);
    for (const entry of this.#outbox.splice(0)) entry.reject(reason);
  }

  #drop() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#attempt = {};
    this.#isReady = false;
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(1000);
    this.#socket = null;
  }

  /** @param {Status} status @param {Error} [reason] */
  #tell(status, reason) {
    if (status === this.#status && !reason) return;
    this.#status = status;
    call(this.options.onStatus, status, reason);
  }

  /** @param {string} what */
  #expect(what) {
    this.#after(what, this.timing.timeout, () => this.#lose(new Error(`no ${what} in time`)));
  }

  /** @param {string} what */
  #meet(what) {
    clearTimeout(this.#timers.get(what));
    this.#timers.delete(what);
  }

  /** @param {string} what @param {number} wait @param {() => void} act */
  #after(what, wait, act) {
    this.#meet(what);
    this.#timers.set(what, setTimeout(() => (this.#timers.delete(what), act()), wait));
  }
}

/** What an unnumbered room sends. @param {Frame} frame @returns {[Kind, Frame][]} */
function asMessages(frame) {
  if (frame.type === "batch") return frame.events.flatMap(asMessages);
  return frame.type === "pong" ? [] : [["message", frame]];
}

/**
 * An error in a handler is its page's, and must not cost it other events.
 * @param {((...args: any[]) => void) | undefined} handler
 * @param {any[]} args
 */
function call(handler, ...args) {
  try {
    handler?.(...args);
  } catch (error) {
    queueMicrotask(() => { throw error; });
  }
}

/** @param {string} url @param {Credential} credential */
function openSocket(url, credential) {
  const target = new URL(url);
  target.searchParams.set("batch", "true");
  if ("bearer" in credential) return new WebSocket(target, [`bearer.${credential.bearer}`]);
  for (const [name, value] of Object.entries(credential)) target.searchParams.set(name, value);
  return new WebSocket(target);
}
