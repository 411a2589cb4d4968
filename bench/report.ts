import type { Moment, Run } from './scenario.ts';

/** The figures of a run, in the units of their names. */
export type Figures = ReturnType<typeof toFigures>;

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
const toMB = (bytes: number | undefined): number | undefined =>
  bytes === undefined ? undefined : round(bytes / 1e6, 1);

const rss = (moment: Moment): number | undefined => moment.resident?.nowBytes;
const heap = (moment: Moment): number => moment.server.heapUsedBytes;

function memory({ plan, before, settled, collected }: Run) {
  const perConnection = (bytes: (moment: Moment) => number | undefined, after: Moment) => {
    const [first, last] = [bytes(before), bytes(after)];
    return first === undefined || last === undefined
      ? undefined
      : round((last - first) / plan.connections, 0);
  };
  return {
    rssBeforeMB: toMB(rss(before)),
    rssSettledMB: toMB(rss(settled)),
    rssCollectedMB: toMB(rss(collected)),
    rssPeakMB: toMB(collected.resident?.peakBytes),
    rssSettledBytesPerConnection: perConnection(rss, settled),
    rssCollectedBytesPerConnection: perConnection(rss, collected),
    heapBeforeMB: toMB(heap(before)),
    heapCollectedMB: toMB(heap(collected)),
    heapCollectedBytesPerConnection: perConnection(heap, collected),
  };
}

function storm({ plan, admittedSeconds, before, stormOver }: Run) {
  const { counts, server } = stormOver;
  const cpuSeconds = server.cpuSeconds - before.server.cpuSeconds;
  return {
    admittedSeconds: round(admittedSeconds, 2),
    lastStateSeconds: round(counts?.lastByteSeconds ?? 0, 2),
    cpuSeconds: round(cpuSeconds, 2),
    cpuMicrosecondsPerConnection: round((cpuSeconds * 1e6) / plan.connections, 0),
    frames: counts?.textFrames ?? 0,
    otherFrames: counts?.otherFrames ?? 0,
    megabytes: round((counts?.bytes ?? 0) / 1e6, 1),
    fewestStatesPerConnection: counts?.fewest ?? 0,
    mostStatesPerConnection: counts?.most ?? 0,
    lastStateBytes: counts?.lastStateBytes ?? 0,
  };
}

function idle({ settled, idleOver }: Run) {
  const seconds = idleOver.at - settled.at;
  const cpuSeconds = idleOver.server.cpuSeconds - settled.server.cpuSeconds;
  const heartbeats = (idleOver.counts?.heartbeats ?? 0) - (settled.counts?.heartbeats ?? 0);
  return {
    seconds: round(seconds, 1),
    cpuSeconds: round(cpuSeconds, 3),
    cpuPercentOfOneCore: round((100 * cpuSeconds) / seconds, 2),
    heartbeats,
    cpuMicrosecondsPerHeartbeat: round((cpuSeconds * 1e6) / Math.max(heartbeats, 1), 1),
    framesReceived: (idleOver.counts?.textFrames ?? 0) - (settled.counts?.textFrames ?? 0),
    timersWaiting: idleOver.server.timers.waiting,
    timersFired: idleOver.server.timers.fired - settled.server.timers.fired,
    nodeTimeouts: idleOver.server.nodeTimeouts,
  };
}

/** What there should have been at the end, beside what the clients saw. */
function serverFaults({ plan, collected: { server } }: Run): readonly string[] {
  const rooms = plan.rooms === 'shared' ? 1 : plan.connections;
  if (server.rooms === rooms && server.connections === plan.connections) return [];
  return [`the server has ${server.connections} connections in ${server.rooms} rooms at the end`];
}

export function toFigures(run: Run) {
  return {
    scenario: run.plan.rooms === 'shared' ? 'one room' : 'rooms of one',
    connections: run.plan.connections,
    rooms: run.plan.rooms === 'shared' ? 1 : run.plan.connections,
    memory: memory(run),
    storm: storm(run),
    idle: idle(run),
    faults: [...run.faults, ...serverFaults(run)],
  };
}

const orUnknown = (value: number | undefined, unit: string): string =>
  value === undefined ? 'not available on this system' : `${value.toLocaleString('en')} ${unit}`;

/** The figures for people to read. */
export function toText({ connections, rooms, memory, storm, idle, faults }: Figures): string {
  const states =
    storm.fewestStatesPerConnection === storm.mostStatesPerConnection
      ? String(storm.mostStatesPerConnection)
      : `${storm.fewestStatesPerConnection} to ${storm.mostStatesPerConnection}`;
  const rows: [string, string][] = [
    ['RSS before', orUnknown(memory.rssBeforeMB, 'MB')],
    ['RSS after settling', orUnknown(memory.rssSettledMB, 'MB')],
    ['RSS after garbage collection', orUnknown(memory.rssCollectedMB, 'MB')],
    ['RSS peak', orUnknown(memory.rssPeakMB, 'MB')],
    ['RSS per connection, settled', orUnknown(memory.rssSettledBytesPerConnection, 'B')],
    ['RSS per connection, collected', orUnknown(memory.rssCollectedBytesPerConnection, 'B')],
    ['JS heap per connection, collected', orUnknown(memory.heapCollectedBytesPerConnection, 'B')],
    ['all admitted after', `${storm.admittedSeconds} s`],
    ['last state received after', `${storm.lastStateSeconds} s`],
    ['server CPU of the join storm', `${storm.cpuSeconds} s (${storm.cpuMicrosecondsPerConnection} µs each)`],
    ['received', `${storm.frames.toLocaleString('en')} states, ${storm.megabytes.toLocaleString('en')} MB`],
    ['states per connection', `${states}, the last of ${storm.lastStateBytes.toLocaleString('en')} B`],
    [
      `server CPU of ${idle.seconds} s idle`,
      `${idle.cpuSeconds} s (${idle.cpuPercentOfOneCore} % of a core, ${idle.cpuMicrosecondsPerHeartbeat} µs per heartbeat)`,
    ],
    ['sent and received while idle', `${idle.heartbeats} heartbeats, ${idle.framesReceived} states`],
    ['timers of the server', `${idle.timersWaiting} waiting, ${idle.timersFired} fired while idle`],
    ['timers that keep Node alive', String(idle.nodeTimeouts)],
    [
      'checked',
      faults.length === 0 ? 'every connection and every last state' : `FAILED: ${faults.join('; ')}`,
    ],
  ];
  const title = `${connections} connections in ${rooms === 1 ? 'one room' : `${rooms} rooms`}`;
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(35)}${value}`), ''].join('\n');
}
