import type { Contestant } from './contestants/contestants.ts';
import type { Load, Report } from './load/load.ts';
import { changes, HEARTBEAT, PING, type Person } from './people.ts';
import type { Figures, Sample } from './scenario.ts';
import type { ServerProcess } from './server-process.ts';

const IN_FLIGHT = 256;
const OPEN_TIMEOUT_MS = 60_000;
const QUIET_MS = 250;
const MANY = 200;
const MANY_QUIET_MS = 1_500;
const MEGA = 1e6;

/** What the report of a command and the CPU times around it say. */
export type Measured = Report & { readonly serverCpuSeconds: number; readonly loadCpuSeconds: number };

/** How much of a core the server was busy. */
export const cpuPercent = ({ serverCpuSeconds, seconds }: Measured): number =>
  (100 * serverCpuSeconds) / seconds;

/** How much of a core the load was busy: near a whole one it is the load that was measured. */
export const loadPercent = ({ loadCpuSeconds, seconds }: Measured): number =>
  (100 * loadCpuSeconds) / seconds;

/** What must not be in a report. */
export function faultsOf(report: Report): readonly string[] {
  const kinds: readonly (keyof Report)[] = ['lost', 'disordered', 'gone', 'wrong'];
  return kinds.flatMap((kind) => (report[kind] > 0 ? [`${report[kind]} ${kind}`] : []));
}

/** Frames with a number per second of the server's CPU, the load's own CPU beside it, and what the server occupies. */
export const throughput = (measured: Measured, stage: Stage): Figures => ({
  framesPerCpuSecond: measured.received / measured.serverCpuSeconds,
  bytesPerFrame: measured.bytes / Math.max(1, measured.received),
  loadFramesPerCpuSecond: measured.received / measured.loadCpuSeconds,
  rssMegabytes: stage.residentMegabytes(),
});

/** One contestant's server and a load for it. */
export class Stage {
  readonly server: ServerProcess;
  readonly load: Load;
  readonly #contestant: Contestant;
  readonly #features: string;
  /** How many are on the list. */
  #count = 0;

  constructor(server: ServerProcess, load: Load, contestant: Contestant, features: string) {
    this.server = server;
    this.load = load;
    this.#contestant = contestant;
    this.#features = features;
  }

  residentMegabytes(): number {
    return (this.server.residentBytes() ?? Number.NaN) / MEGA;
  }

  /** Tells the load who they are; nobody connects yet. */
  async list(people: readonly Person[], marker: (index: number) => string): Promise<void> {
    const { wrap, hello, seat } = this.#contestant;
    this.#count = people.length;
    await this.load.tell(`hello ${hello.texts} ${hello.text}`);
    await this.load.tell(`texts ${wrap(HEARTBEAT)}\t${wrap(PING)}`);
    await this.load.list(
      people.map(({ room, id, name }, index) => ({
        ...seat(room, id, name, this.#features),
        marker: marker(index),
      })),
    );
  }

  /** Connects those of the list; fails when somebody is not admitted. */
  async open(inFlight = IN_FLIGHT): Promise<Measured> {
    const measured = await this.measure(`open ${this.server.port} ${inFlight} ${OPEN_TIMEOUT_MS}`);
    const { ready, gone } = measured;
    if (ready !== this.#count || gone > 0)
      throw new Error(`Of ${this.#count} connections ${ready} were admitted, and ${gone} lost at once`);
    return measured;
  }

  async frame(who: number | '*', ...texts: readonly string[]): Promise<void> {
    await this.load.tell(`frame ${who} ${texts.map(this.#contestant.wrap).join('\t')}`);
  }

  /** A command of the load, and the CPU that it took on both sides. */
  async measure(command: string): Promise<Measured> {
    const [server, load] = [this.server.cpuSeconds(), this.load.cpuSeconds()];
    const report = await this.load.tell(command);
    return {
      ...report,
      serverCpuSeconds: this.server.cpuSeconds() - server,
      loadCpuSeconds: this.load.cpuSeconds() - load,
    };
  }

  /** Everybody says once who it is, by what it will say from then on; then nothing comes any more. */
  async introduce(
    people: readonly Person[],
    framesOf: (index: number) => readonly string[] = changes,
  ): Promise<void> {
    for (const index of people.keys()) await this.frame(index, ...framesOf(index));
    await this.load.tell('each');
    // A server may read what thousands have sent before it sends anything.
    await this.quiet(people.length > MANY ? MANY_QUIET_MS : QUIET_MS);
    // Who has been answered two pings, each after all others, has got everything that was due: however slow the machine is.
    for (let round = 0; round < 2; round += 1) await this.load.tell('events 0 0');
  }

  /** Until nothing comes in any more. */
  async quiet(ms = QUIET_MS, timeoutMs = 30_000): Promise<Report> {
    return this.load.tell(`quiet ${ms} ${timeoutMs}`);
  }
}

export const sample = (what: string, figures: Figures, ...reports: readonly Report[]): Sample => ({
  what,
  figures,
  faults: reports.flatMap(faultsOf),
});
