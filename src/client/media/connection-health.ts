import { Ewma } from '../ewma.ts';
import type { MediaHealth } from './media-state.ts';
import type { StatsSample } from './stats-sample.ts';

/** Long enough that one lost burst is no alarm, short enough that a bad minute is seen within it. */
const LOSS_TIME_CONSTANT_MS = 10_000;
const BITRATE_TIME_CONSTANT_MS = 3_000;

type Taken = { readonly at: number; readonly sample: StatsSample };

/** Smooths what the statistics say, from counters to rates. */
export class ConnectionHealth {
  readonly #bitrate = new Ewma(BITRATE_TIME_CONSTANT_MS);
  readonly #outgoingLoss = new Ewma(LOSS_TIME_CONSTANT_MS);
  readonly #incomingLoss = new Ewma(LOSS_TIME_CONSTANT_MS);
  #last: Taken | undefined = undefined;

  get health(): MediaHealth {
    return {
      outgoingBitrate: this.#bitrate.value ?? 0,
      outgoingLoss: this.#outgoingLoss.value ?? 0,
      incomingLoss: this.#incomingLoss.value ?? 0,
    };
  }

  /** @param at - when the sample was taken, in ms of any clock that does not jump */
  take(sample: StatsSample, at: number): void {
    const last = this.#last;
    this.#last = { at, sample };
    // Counters that have fallen are those of another connection: it is where the next ones are counted from.
    if (last === undefined || at <= last.at || sample.bytesSent < last.sample.bytesSent) return;
    const elapsedMs = at - last.at;
    this.#bitrate.add(((sample.bytesSent - last.sample.bytesSent) * 8_000) / elapsedMs, elapsedMs);
    const sent = sample.packetsSent - last.sample.packetsSent;
    const sentLost = sample.sentPacketsLost - last.sample.sentPacketsLost;
    if (sent > 0) this.#outgoingLoss.add(share(sentLost, sent), elapsedMs);
    const [received, lost] = receivedBetween(last.sample, sample);
    if (received + lost > 0) this.#incomingLoss.add(share(lost, received + lost), elapsedMs);
  }
}

/** Within 0 and 1: late packets make a loss negative, and reports of the other side come later than what they are of. */
const share = (lost: number, all: number): number => Math.min(1, Math.max(0, lost / all));

function receivedBetween(before: StatsSample, after: StatsSample): [packets: number, lost: number] {
  let [packets, lost] = [0, 0];
  for (const [trackId, now] of after.received) {
    const then = before.received.get(trackId) ?? { packets: 0, packetsLost: 0 };
    packets += Math.max(0, now.packets - then.packets);
    lost += Math.max(0, now.packetsLost - then.packetsLost);
  }
  return [packets, lost];
}
