import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { systemClock, type Clock } from '../../../../src/clock.ts';
import { PortHub } from '../../../../src/sfu/transport/port-hub.ts';
import type {
  PeerKind,
  SessionTransport,
  TransportListener,
  TransportState,
} from '../../../../src/sfu/transport/session-transport.ts';
import { Peer } from './peer.ts';

/** Writes down what it is told. */
export class Listener implements TransportListener {
  readonly rtp: Buffer[] = [];
  readonly rtcp: Buffer[] = [];
  readonly states: TransportState[] = [];

  onRtp(packet: Buffer): void {
    this.rtp.push(packet);
  }

  onRtcp(compound: Buffer): void {
    this.rtcp.push(compound);
  }

  onState(state: TransportState): void {
    this.states.push(state);
  }
}

export type Stage = {
  readonly hub: PortHub;
  readonly session: SessionTransport;
  readonly listener: Listener;
  readonly peer: Peer;
};

export async function openHub(clock: Clock = systemClock): Promise<PortHub> {
  const logger = pino({ level: 'silent' });
  const hub = await PortHub.open({ port: 0, addresses: ['127.0.0.1'], clock, logger });
  onTestFinished(() => hub.close());
  return hub;
}

/** A session of a hub of its own, and the peer that is meant for it. */
export async function openStage(kind: PeerKind = 'browser', clock: Clock = systemClock): Promise<Stage> {
  const hub = await openHub(clock);
  const listener = new Listener();
  const session = hub.open(kind, listener);
  const peer = await Peer.open(session.local);
  onTestFinished(() => peer.close());
  return { hub, session, listener, peer };
}
