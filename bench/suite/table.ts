import type { Spread } from '../statistics.ts';
import type { Line, Result } from './runner.ts';

/** What each figure is called in a table, and how many of its digits mean something. */
export const FIGURES: Readonly<
  Record<string, { readonly label: string; readonly per?: number; readonly digits: number }>
> = {
  framesPerCpuSecond: { label: 'k frames/CPU s', per: 1_000, digits: 0 },
  eventsPerCpuSecond: { label: 'k events/CPU s', per: 1_000, digits: 1 },
  roundTripsPerSecond: { label: 'trips/s', digits: 0 },
  framesPerSecond: { label: 'k frames/s', per: 1_000, digits: 0 },
  cpuPercent: { label: 'CPU %', digits: 2 },
  megabytesPerSecond: { label: 'MB/s', digits: 1 },
  bytesPerFrame: { label: 'B/frame', digits: 0 },
  loadFramesPerCpuSecond: { label: 'load k/CPU s', per: 1_000, digits: 0 },
  p50Ms: { label: 'p50 ms', digits: 2 },
  p99Ms: { label: 'p99 ms', digits: 2 },
  maxMs: { label: 'max ms', digits: 1 },
  rssMegabytes: { label: 'RSS MB', digits: 0 },
  seconds: { label: 's', digits: 2 },
  cpuSeconds: { label: 'CPU s', digits: 2 },
  framesReceived: { label: 'frames', digits: 0 },
  megabytesReceived: { label: 'MB', digits: 1 },
  connections: { label: 'connections', digits: 0 },
  rssBytesPerConnection: { label: 'B/connection', digits: 0 },
  loadPercent: { label: 'load CPU %', digits: 0 },
  late: { label: 'late', digits: 0 },
  p99Ratio: { label: 'p99 ratio', digits: 2 },
  microsecondsPerTrip: { label: 'CPU µs/trip', digits: 1 },
  dropped: { label: 'dropped', digits: 0 },
  share: { label: 'share', digits: 3 },
};

const number = (value: number, digits: number): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '–';

function figure(name: string, { median, min, max }: Spread): string {
  const { per = 1, digits } = FIGURES[name] ?? { digits: 2 };
  const text = number(median / per, digits);
  return min === max ? text : `${text} (${number(min / per, digits)}–${number(max / per, digits)})`;
}

function cells(line: Line, columns: readonly string[], references: readonly string[]): readonly string[] {
  const figures = columns.map((name) => {
    const value = line.figures[name];
    return value === undefined ? '' : figure(name, value);
  });
  const ratios = references.map((name) => {
    const ratio = line.ratios[name as keyof Line['ratios']];
    return ratio === undefined ? '' : number(ratio.median, 2);
  });
  return [line.contestant, ...figures, ...ratios];
}

function rowTable(lines: readonly Line[]): string {
  const columns = [...new Set(lines.flatMap(({ figures }) => Object.keys(figures)))];
  const references = [...new Set(lines.flatMap(({ ratios }) => Object.keys(ratios)))];
  const head = [
    '',
    ...columns.map((name) => FIGURES[name]?.label ?? name),
    ...references.map((name) => `/ ${name}`),
  ];
  const table = [head, ...lines.map((line) => cells(line, columns, references))];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) => `    ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

/** The results for people to read: a table for each row, then the aims, then what went wrong. */
export function toText({ name, title, lines, aims }: Result): string {
  const rows = [...new Set(lines.map(({ row }) => row))];
  const tables = rows.map((row) => `  ${row}\n${rowTable(lines.filter((line) => line.row === row))}`);
  const judgements = aims.map(
    ({ row, aim, value, met }) => `  ${met ? 'met   ' : 'missed'} ${aim}: ${number(value, 3)} (${row})`,
  );
  const faults = lines.flatMap(({ row, contestant, faults }) =>
    faults.length === 0 ? [] : [`  FAILED ${row}, ${contestant}: ${faults.slice(0, 5).join('; ')}`],
  );
  return [`${name}: ${title}`, ...tables, ...judgements, ...faults, ''].join('\n');
}
