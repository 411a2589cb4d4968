import { describe, expect, test } from 'vitest';
import { classes } from 'werift';
import { ATTRIBUTE, encodeStun, STUN } from '../../../src/sfu/transport/stun-message.ts';
import { until } from '../../support/until.ts';
import { openHub, openStage, Listener } from './support/hub.ts';
import { Peer } from './support/peer.ts';

describe('a connectivity check of a browser', () => {
  test('is told the address that it came from', async () => {
    const { peer } = await openStage();
    const answer = await peer.checked();
    expect([answer.messageClass, answer.getAttributeValue('XOR-MAPPED-ADDRESS')]).toEqual([
      classes.RESPONSE,
      ['127.0.0.1', peer.port],
    ]);
  });

  test('that claims to be controlled is told that this side is', async () => {
    const { peer, hub } = await openStage();
    const answer = await peer.checked({ controlled: true });
    expect(answer.getAttributeValue('ERROR-CODE')).toEqual([487, 'Role Conflict']);
    expect(hub.sizes.paths).toBe(0);
  });

  test('with an attribute that would have to be understood is refused, and told which', async () => {
    const { peer, session } = await openStage();
    const { ufrag, password } = session.local.ice;
    const username = Buffer.from(`${ufrag}:peer`);
    const strange = [0x7abc, Buffer.alloc(4)] as const;
    peer.send(
      encodeStun(
        STUN.bindingRequest,
        Buffer.alloc(12, 1),
        [[ATTRIBUTE.username, username], strange],
        password,
      ),
    );
    await until(() => peer.responses.length === 1);
    expect(peer.responses[0]?.getAttributeValue('ERROR-CODE')).toEqual([420, 'Unknown Attribute']);
  });

  test('costs one place per address, and no session has more than sixteen', async () => {
    const { peer, hub } = await openStage();
    for (let moves = 0; moves < 20; moves += 1) {
      await peer.checked({ nominate: moves === 0 });
      await peer.checked();
      await peer.move();
    }
    expect(hub.sizes.paths).toBe(16);
  });

  test('from an address that another session had gives it to the one whose password it knows', async () => {
    const hub = await openHub();
    const [first, second] = [hub.open('browser', new Listener()), hub.open('browser', new Listener())];
    const peer = await Peer.open(first.local);
    await peer.checked();
    peer.check({ ufrag: second.local.ice.ufrag, password: second.local.ice.password });
    await until(() => hub.counters.datagramsOut === 2);
    expect(hub.sizes.paths).toBe(1);
    first.close();
    expect(hub.sizes).toEqual({ sessions: 1, paths: 1, checks: 0 });
    await peer.close();
  });
});
