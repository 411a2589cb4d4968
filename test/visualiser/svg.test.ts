import { DOMParser, type Element } from '@xmldom/xmldom';
import { describe, expect, test } from 'vitest';
import { machines } from '../../machines/index.ts';
import { toChart } from '../../src/visualiser/chart.ts';
import { layOut } from '../../src/visualiser/layout.ts';
import { DARK, KINDS, LIGHT, SIGNS, STYLE } from '../../src/visualiser/svg-style.ts';
import { toSvg } from '../../src/visualiser/svg.ts';
import { everyFeature, hostile } from './small-machines.ts';

/** Reads XML and refuses whatever is not well-formed. */
function parse(xml: string): readonly Element[] {
  const onError = (level: string, message: string): never => {
    throw new Error(`${level}: ${message}`);
  };
  return [...new DOMParser({ onError }).parseFromString(xml, 'image/svg+xml').getElementsByTagName('*')];
}

const withAttribute = (elements: readonly Element[], name: string): readonly Element[] =>
  elements.filter((element) => element.hasAttribute(name));

const titleOf = (element: Element | undefined): string | null | undefined =>
  element?.getElementsByTagName('title')[0]?.textContent;

describe.each(Object.entries({ ...machines, everyFeature, hostile }))(
  'the drawing of %s',
  async (_, machine) => {
    const chart = toChart(machine);
    const elements = parse(toSvg(await layOut(chart)));

    test('has every state and every transition once, by its id', () => {
      const idsOf = (name: string): readonly string[] =>
        withAttribute(elements, name).map((element) => element.getAttribute(name) ?? '');
      expect(idsOf('data-state')).toEqual(chart.states.map(({ id }) => id));
      expect(idsOf('data-transition').toSorted()).toEqual(chart.transitions.map(({ id }) => id).toSorted());
    });

    test('says in a tooltip what there is no room for', () => {
      const tooltips = new Map(
        withAttribute(elements, 'data-state').map((element) => [
          element.getAttribute('data-state'),
          titleOf(element),
        ]),
      );
      const missing = chart.states.filter(({ id, description }) => {
        const tooltip = tooltips.get(id) ?? '';
        return !tooltip.startsWith(id) || !tooltip.includes(description ?? '');
      });
      expect(missing).toEqual([]);
      const said = withAttribute(elements, 'data-transition').map((element) => [
        element.getAttribute('data-transition'),
        titleOf(element),
      ]);
      const texts = new Map(said.map(([id, text]) => [id, text ?? '']));
      const silent = chart.transitions.filter(({ id, source, actions, guard, description }) =>
        [source, ...actions.map(({ name }) => name), guard?.name ?? '', description ?? ''].some(
          (word) => !texts.get(id)?.includes(word),
        ),
      );
      expect(silent).toEqual([]);
    });

    test('names itself to who cannot see it', () => {
      const svg = elements[0];
      expect(svg?.getAttribute('role')).toBe('img');
      const ids = elements.filter(({ tagName }) => tagName === 'title' || tagName === 'desc').slice(0, 2);
      expect(svg?.getAttribute('aria-labelledby')).toBe(
        ids.map((element) => element.getAttribute('id')).join(' '),
      );
      expect(ids.map((element) => element.textContent?.length ?? 0).every((length) => length > 10)).toBe(
        true,
      );
    });
  },
);

test('a title in the drawing is the state’s name, whatever characters it has', async () => {
  const elements = parse(toSvg(await layOut(toChart(hostile))));
  const names = elements.filter((element) => element.getAttribute('class') === 'name');
  expect(names.map((element) => element.textContent)).toEqual(['a<b>&"c"', 'x|y`z', 'end']);
});

test('error, time-out and success look different without their colours, too', () => {
  const strokes = KINDS.map((kind) => new RegExp(`\\.${kind} \\.line \\{([^}]*)\\}`).exec(STYLE)?.[1]);
  expect(strokes).not.toContain(undefined);
  expect(new Set(strokes).size).toBe(KINDS.length);
  expect(new Set(Object.values(SIGNS)).size).toBe(KINDS.length);
});

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

test.each([
  ['light', LIGHT],
  ['dark', DARK],
])('in %s, text and lines stand out from every ground at 4.5 : 1', (_, palette) => {
  const grounds = [palette.ground, palette.outer, palette.box, palette.title, palette.active];
  const faint = [
    ...grounds.map((ground) => ['text', ground, contrast(palette.text, ground)] as const),
    ...[palette.ground, palette.outer, palette.box].flatMap((ground) =>
      [palette.muted, ...KINDS.map((kind) => palette[kind])].map(
        (colour) => [colour, ground, contrast(colour, ground)] as const,
      ),
    ),
    ['muted', palette.active, contrast(palette.muted, palette.active)] as const,
  ].filter(([, , ratio]) => ratio < 4.5);
  expect(faint).toEqual([]);
});
