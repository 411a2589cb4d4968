import { randomUUID } from 'node:crypto';
import { signSession } from '../src/identity/session-cookie.ts';

/** Who connects, and where to. */
export type Plan = {
  /** `shared`: all into one room; `own`: each into a room of its own. */
  readonly rooms: 'shared' | 'own';
  readonly connections: number;
};

/** One client as it would come with the stock page: an id made by partysocket, a login of its own. */
export type Participant = { readonly id: string; readonly path: string; readonly cookie: string };

/** Made before the clock runs: signing thousands of cookies is no part of what is measured. */
export function crowd({ rooms, connections }: Plan, secret: string): readonly Participant[] {
  return Array.from({ length: connections }, (_, index) => {
    const id = randomUUID();
    const name = `Participant ${String(index + 1).padStart(5, '0')}`;
    const room = rooms === 'shared' ? 'everybody' : `room-${String(index + 1).padStart(5, '0')}`;
    const session = signSession({ username: name, sid: randomUUID() }, secret);
    return {
      id,
      path: `/parties/rooms/${room}?_pk=${id}`,
      cookie: `__session=${encodeURIComponent(session)}`,
    };
  });
}
