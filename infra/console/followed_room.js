/** What a panel shows of a room: a thing that its events change, and the last of them. */

import { Room } from "./live.js";

/** @typedef {import("./live.js").Frame} Frame */
/** @typedef {import("./live.js").Credential} Credential */
/**
 * @typedef {object} Followed
 * @property {string} url of the socket
 * @property {(signal: AbortSignal) => Promise<any>} read the thing, as the API has it
 * @property {() => Credential | Promise<Credential>} credential
 * @property {(thing: any, frame: Frame) => any} [apply] the thing after a frame; without it the thing
 *   is read again, once for all events that come meanwhile
 */

const MAX_SHOWN = 100; // events

/**
 * A loader that pushes `{thing, events, status}` at once and at each event, events newest first. The
 * API says whether the thing may be read: to pages a handshake that is refused is as any that failed.
 * @param {Followed} followed
 * @returns {import("./panel.js").Loader}
 */
export function followRoom({ url, read, credential, apply }) {
  return {
    follow: async (push, fail, signal) => {
      let value = /** @type {any} */ ({ thing: null, events: [], status: "connecting" });
      let isReading = false;
      let isStale = false;
      const set = (/** @type {object} */ changes) => push((value = { ...value, ...changes }));
      const refresh = async () => {
        isStale = true;
        if (isReading) return;
        isReading = true;
        try {
          while (isStale && !signal.aborted) {
            isStale = false;
            set({ thing: await read(signal) });
          }
        } catch (error) {
          fail(error);
        } finally {
          isReading = false;
        }
      };
      const receive = (/** @type {Frame} */ frame) =>
        apply ? set({ thing: apply(value.thing, frame) }) : refresh();
      await refresh();
      if (!value.thing || signal.aborted) return;
      const room = new Room(url, {
        credential: () => withEnd(credential, (error) => {
          fail(error);
          room.close();
        }),
        onSnapshot: receive,
        onEvent: (frame) => {
          set({ events: [frame, ...value.events].slice(0, MAX_SHOWN) });
          receive(frame);
        },
        onMessage: (frame) => apply && receive(frame),
        onStatus: (status) => set({ status }),
      });
      signal.addEventListener("abort", () => room.close());
    },
  };
}

/**
 * A credential; where the API refuses it for good no further connection is tried.
 * @param {() => Credential | Promise<Credential>} credential @param {(error: unknown) => void} end
 */
async function withEnd(credential, end) {
  try {
    return await credential();
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    if (status && status < 500 && status !== 429) end(error);
    throw error;
  }
}
