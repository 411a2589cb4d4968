import { expect } from 'vitest';
import type { Source } from './room-presence.client.ts';
import type { CallPerson } from './sfu-call.ts';

// What is asked of the people in a call, over and over.

/** Statistics are not to be had for nothing: looked at as often as other pages, they slow down the media that they count. */
export const LOOKING = { interval: 100 };

/** Of the camera, in pictures. */
export const SECOND = 20;
/** Packets of a track that goes on come 20 times a second at the least. */
export const GONE_MS = 500;
/** Energy that is left of a second of beeps, or of a tone, when they are muted: they have a thousand times this. */
export const SILENCE = 0.000_1;

/** All send what they have, and each receives all who are named but for itself. */
export async function talk(people: readonly CallPerson[], names: readonly string[]): Promise<void> {
  await Promise.all(
    people.map(async (person, index) => {
      await person.do('send', 'audio');
      await person.do('send', 'video');
      for (const name of names.filter((_, other) => other !== index)) {
        await person.do('receive', name, 'audio');
        await person.do('receive', name, 'video');
      }
    }),
  );
}

export const frames = async (person: CallPerson, name: string, source: Source = 'video'): Promise<number> =>
  (await person.do('received', name, source)).frames;

export const energy = async (person: CallPerson, name: string): Promise<number> =>
  (await person.do('received', name, 'audio')).energy;

/** For how long nothing has come. */
export const silence = async (person: CallPerson, name: string, source: Source): Promise<number> =>
  (await person.do('received', name, source)).silentMs;

const SAMPLES_PER_SECOND = 48_000;

/** Waits for so much sound to be played, which goes on when nothing comes: a clock of the page's own. */
export async function listen(person: CallPerson, name: string, seconds: number): Promise<void> {
  const samples = async (): Promise<number> => (await person.do('received', name, 'audio')).samples;
  const end = (await samples()) + seconds * SAMPLES_PER_SECOND;
  await expect.poll(samples, LOOKING).toBeGreaterThan(end);
}

export async function energyOfASecond(person: CallPerson, name: string): Promise<number> {
  const before = await energy(person, name);
  await listen(person, name, 1);
  return (await energy(person, name)) - before;
}
