import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The parts of a V8 CPU profile that are read. */
type Profile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly cpuSeconds: number;
};

/** A function and its time, without what it calls. */
export type Item = { readonly name: string; readonly seconds: number };

/** V8 takes the event loop's native callbacks for idle, and with them all that uWS does outside JavaScript. */
const IDLE = '(idle)';

const nameOf = ({ callFrame: { functionName, url, lineNumber } }: Profile['nodes'][number]): string => {
  const file =
    url
      .replace(/^file:\/\//, '')
      .split('/node_modules/')
      .at(-1) ?? '';
  const place = file === '' ? '' : ` ${file.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
  return `${functionName === '' ? '(anonymous)' : functionName}${place}`;
};

function itemsOf(profile: Profile): readonly Item[] {
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const name = names.get(id) ?? '';
    const micros = profile.timeDeltas[index] ?? 0;
    if (name === IDLE) return;
    times.set(name, (times.get(name) ?? 0) + micros);
  });
  return [...times]
    .map(([name, micros]) => ({ name, seconds: micros / 1e6 }))
    .toSorted((a, b) => b.seconds - a.seconds);
}

/** The profile of one server process. */
export type ServerProfile = {
  readonly items: readonly Item[];
  /** Of the whole process, while it was profiled. */
  readonly cpuSeconds: number;
  /** Of JavaScript and garbage collection; the rest is native: uWS, the kernel's sockets, other threads. */
  readonly scriptSeconds: number;
};

/** The profile of one server at a time. */
export class Profiler {
  readonly #folder = mkdtempSync(join(tmpdir(), 'satsuma-profile-'));
  readonly #file = join(this.#folder, 'profile.json');
  readonly execArgv: readonly string[] = [
    '--import',
    `${new URL('profile-hook.ts', import.meta.url).href}?file=${encodeURIComponent(this.#file)}`,
  ];

  /** What the server has written at its end; nothing when there was no server. */
  read(): ServerProfile | undefined {
    if (!existsSync(this.#file)) return undefined;
    const profile = JSON.parse(readFileSync(this.#file, 'utf8')) as Profile;
    const items = itemsOf(profile);
    const scriptSeconds = items.reduce((sum, { seconds }) => sum + seconds, 0);
    return { items, scriptSeconds, cpuSeconds: profile.cpuSeconds };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const SHOWN = 12;

export function toProfileText({ items, cpuSeconds, scriptSeconds }: ServerProfile): string {
  const line = (name: string, seconds: number): string =>
    `  ${((100 * seconds) / cpuSeconds).toFixed(1).padStart(5)} %  ${name}`;
  return [
    `  of ${cpuSeconds.toFixed(2)} s of CPU:`,
    line('native: uWS, sockets, other threads', Math.max(0, cpuSeconds - scriptSeconds)),
    ...items.slice(0, SHOWN).map(({ name, seconds }) => line(name, seconds)),
  ].join('\n');
}
