import type { Spread } from '../statistics.ts';
import type { Line, Result } from './runner.ts';
import { FIGURES } from './table.ts';

const WIDTH = 720;
const LABEL_WIDTH = 110;
const VALUE_WIDTH = 150;
const BAR_HEIGHT = 14;
const BAR_STEP = 20;
const TITLE_STEP = 30;
const MARGIN = 16;
const BARS_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH - 2 * MARGIN;

/** Ours stands out; both themes of the page that shows it are served. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .row { font-weight: 600 }
  .bar { fill: #9aa4b2 } .ours { fill: #e8740c }
  .spread { stroke: #1f2328; stroke-width: 1.2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .bar { fill: #57606a } .ours { fill: #ff9d4d } .spread { stroke: #e6edf3 }
  }`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const text = (x: number, y: number, content: string, kind = ''): string =>
  `<text x="${x}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(content)}</text>`;

/** The figure that is compared: a row's first. */
const headline = ({ figures }: Line): [string, Spread] | undefined => Object.entries(figures)[0];

function bar(line: Line, name: string, { median, min, max }: Spread, y: number, most: number): string {
  const { per = 1, digits } = FIGURES[name] ?? { digits: 2 };
  const scale = (value: number): number => (most > 0 ? Math.round((10 * BARS_WIDTH * value) / most) / 10 : 0);
  const left = MARGIN + LABEL_WIDTH;
  const middle = y + BAR_HEIGHT / 2;
  const shown = (value: number): string => (value / per).toFixed(digits);
  const kind = line.contestant === 'satsuma' ? 'bar ours' : 'bar';
  return [
    text(MARGIN, y + 11, line.contestant),
    `<rect class="${kind}" x="${left}" y="${y}" width="${scale(median)}" height="${BAR_HEIGHT}" rx="2"/>`,
    `<path class="spread" d="M${left + scale(min)} ${middle}H${left + scale(max)}"/>`,
    text(left + BARS_WIDTH + 8, y + 11, `${shown(median)} (${shown(min)}–${shown(max)})`),
  ].join('');
}

function panel(row: string, lines: readonly Line[], top: number): string {
  const figures = lines.flatMap((line) => {
    const [name, spread] = headline(line) ?? [];
    return name === undefined || spread === undefined || !Number.isFinite(spread.median)
      ? []
      : [{ line, name, spread }];
  });
  const most = Math.max(...figures.map(({ spread }) => spread.max));
  const unit = FIGURES[figures[0]?.name ?? '']?.label ?? '';
  const bars = figures.map(({ line, name, spread }, index) =>
    bar(line, name, spread, top + TITLE_STEP / 2 + 8 + index * BAR_STEP, most),
  );
  return [text(MARGIN, top + TITLE_STEP / 2, `${row} (${unit})`, 'row'), ...bars].join('\n');
}

/** One panel of bars for each row, each on a scale of its own: medians, with a line from the lowest to the highest. */
export function toSvg({ name, title, lines }: Result): string {
  const rows = [...new Set(lines.map(({ row }) => row))];
  let top = MARGIN + TITLE_STEP;
  const panels = rows.map((row) => {
    const ofRow = lines.filter((line) => line.row === row);
    const drawn = panel(row, ofRow, top);
    top += TITLE_STEP + ofRow.length * BAR_STEP + 8;
    return drawn;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top + MARGIN}" width="${WIDTH}" role="img">`,
    `<title>${escaped(`${name}: ${title}`)}</title>`,
    `<style>${STYLE}</style>`,
    text(MARGIN, MARGIN + 12, name, 'title'),
    ...panels,
    '</svg>\n',
  ].join('\n');
}
