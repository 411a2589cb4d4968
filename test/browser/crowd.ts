import { loginCookie } from '../support/server.ts';
import { TestClient } from '../support/test-client.ts';
import { onTestFinished } from 'vitest';
import type { Site } from './site.ts';

const NAMES = [
  'Ben',
  'Cleo',
  'Dmitri Mendelejew',
  'Eve',
  'Farah Al-Sayed',
  'Gö',
  'Hannah',
  'Ines',
  'Jo',
  'Kim',
];

/** People without a page, from one number to another, whom one who has one meets in a call until the test ends. */
export async function crowd(site: Site, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    const name = `${NAMES[index % NAMES.length]}${index < NAMES.length ? '' : ` ${index}`}`;
    const url = `${site.url.replace('http', 'ws')}/parties/rooms/daily`;
    const client = new TestClient(url, { cookie: loginCookie(name) });
    onTestFinished(() => client.drop());
    await client.opened;
    client.send({
      type: 'userUpdate',
      user: {
        joined: true,
        raisedHand: index === 1,
        speaking: index === 2,
        tracks: { audioEnabled: index % 3 !== 0, videoEnabled: false, screenShareEnabled: false },
      },
    });
  }
}
