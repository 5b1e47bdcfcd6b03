// The page of the tests: follows rooms as they ask, and keeps what came of it, as PythonFollower does.
import { Order, Room } from "/live.js";

export class Follower {
  received = [];
  answers = [];
  ended = null;
  asked = 0; // and answered
  #asked = 0;

  constructor(url, credential, options, firstWait) {
    const keep = (kind) => (frame) => this.received.push([kind, frame]);
    this.room = new Room(url, {
      ...options,
      credential: async () => {
        const asked = ++this.#asked;
        if (asked === 1) await new Promise((resolve) => setTimeout(resolve, 1000 * firstWait));
        this.asked++;
        return JSON.parse(credential.replaceAll("{n}", asked));
      },
      onSnapshot: keep("snapshot"),
      onEvent: keep("event"),
      onMessage: keep("message"),
      onStatus: (status, reason) => {
        if (status === "closed") this.ended = reason.message;
      },
    });
  }

  get state() {
    const { received, answers, ended, asked, room } = this;
    return { received, answers, ended, asked, is_live: room.status === "live", seq: room.seq };
  }

  command(body) {
    this.room.command(body).then(
      (ack) => this.answers.push(`ack ${ack.seq}`),
      (error) => this.answers.push(`${error.name}: ${error.message}`),
    );
  }
}

/** What an `Order` delivers of each frame, and whether it is current then; null opens a connection. */
export function deliver(lists) {
  return lists.map((frames) => {
    const order = new Order();
    return frames.map((frame) => {
      const delivered = frame ? order.receive(frame) : (order.open(), []);
      return [delivered, order.isCurrent];
    });
  });
}
