import { systemClock } from '../../src/clock.ts';
import type { PublicationParameters } from '../../src/sfu/media/session-media.ts';
import type { SfuParts } from '../../src/sfu/sfu-blueprint.ts';
import { FakeEngine, type FakePublication } from './session/fake-engine.ts';
import { FakeHub } from './session/fake-hub.ts';

/** Every publication flows as soon as it is there. */
class FlowingEngine extends FakeEngine {
  override open(): ReturnType<FakeEngine['open']> {
    const media = super.open();
    const publish = media.publish.bind(media);
    media.publish = (parameters: PublicationParameters): FakePublication => {
      const publication = publish(parameters);
      publication.flow();
      return publication;
    };
    return media;
  }
}

export const createTransportHub: SfuParts['createTransportHub'] = () => new FakeHub();
export const createMediaEngine: SfuParts['createMediaEngine'] = () => new FlowingEngine(systemClock);
