import { systemClock } from '../../src/clock.ts';
import type { SfuParts } from '../../src/sfu/sfu-blueprint.ts';
import type { PeerKind, TransportListener } from '../../src/sfu/transport/session-transport.ts';
import { FakeEngine } from './session/fake-engine.ts';
import { FakeHub, type FakeTransport } from './session/fake-hub.ts';

/** Every third party kills the thread, and every session leaves a rejected promise behind. */
class MortalHub extends FakeHub {
  override open(kind: PeerKind, listener: TransportListener): FakeTransport {
    void Promise.reject(new Error('forgotten'));
    if (kind === 'third-party') {
      setImmediate(() => {
        throw new Error('killed by a test');
      });
    }
    return super.open(kind, listener);
  }
}

export const createTransportHub: SfuParts['createTransportHub'] = (settings, _, log) => {
  if (settings.announcedAddress === 'nowhere') throw new Error('no port is free');
  log.warn({ announced: settings.announcedAddress }, 'said in the thread');
  return new MortalHub();
};

export const createMediaEngine: SfuParts['createMediaEngine'] = () => new FakeEngine(systemClock);
