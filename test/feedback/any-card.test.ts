import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bugReportCard, deadTrackCard, MAX_CARD_BYTES, type Card } from '../../src/feedback/google-chat.ts';
import { statedRoomName, traceLinks } from '../../src/feedback/links.ts';

const traceLink = traceLinks('https://trace.example.org/s/{id}');
const bytes = (card: Card): number => Buffer.byteLength(JSON.stringify(card));

describe('whatever is sent', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .tuple(
        fc.constantFrom('<', '"', '&', "'", '\\', '\n', '\u0001', '🍊', '\ud800', '\u2028'),
        fc.nat(60_000),
      )
      .map(([character, length]) => character.repeat(length)),
    fc.constantFrom('<script>', 'https://trace.example.org/s/<i>', '&#60;b>', '${x}'),
  );
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 100 });
  const roomName = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 128 })
    .filter((room) => statedRoomName(room) !== undefined);
  const anyOccasion = fc.record({
    now: fc.nat(4_000_000_000_000),
    host: anything,
    origin: fc.constantFrom('https://meet.example.org', `https://${'x'.repeat(253)}`, undefined),
    version: anything,
  });

  /** All texts that Google Chat reads as HTML: everything but the addresses. */
  const shown = ({ card }: Card): string[] =>
    card.sections.flatMap(({ header, widgets }) => [header, ...widgets.flatMap((widget) => textsOf(widget))]);
  const textsOf = (widget: Card['card']['sections'][number]['widgets'][number]): string[] =>
    'textParagraph' in widget
      ? [widget.textParagraph.text]
      : widget.buttonList.buttons.map(({ text }) => text);
  const urls = ({ card }: Card): string[] =>
    card.sections.flatMap(({ widgets }) =>
      widgets.flatMap((widget) =>
        'buttonList' in widget ? widget.buttonList.buttons.map(({ onClick }) => onClick.openLink.url) : [],
      ),
    );
  const expectSound = (card: Card): void => {
    expect(bytes(card)).toBeLessThanOrEqual(MAX_CARD_BYTES);
    const { title, subtitle, imageAltText = 'x' } = card.card.header;
    for (const text of [title, subtitle, imageAltText, ...shown(card)]) {
      expect(text).not.toBe('');
      expect(text).not.toMatch(/[<>"]|&(?!(?:amp|lt|gt|quot|#39);)/);
      expect(text).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
      expect(text).not.toMatch(/\p{Cs}/u);
    }
    for (const url of urls(card)) {
      expect(url).toMatch(/^https:\/\/(?:meet\.example\.org|x{253}|trace\.example\.org\/s)\//);
      expect(url).not.toMatch(/[<>"\s]/);
    }
    for (const { widgets } of card.card.sections) expect(widgets.length).toBeGreaterThan(0);
  };

  test('[F3] [F4] a bug report fits, is escaped and leads nowhere else', () => {
    const input = fc.record({
      name,
      description: anything,
      userAgent: anything,
      roomName,
      reportId: fc.uuid(),
    });
    fc.assert(
      fc.property(input, anyOccasion, (report, occasion) => expectSound(bugReportCard(report, occasion))),
      { numRuns: 300 },
    );
  });

  test('[F3] [F4] a dead track fits, is escaped and leads nowhere else', () => {
    const input = fc.record({
      puller: name,
      pusher: anything,
      trackId: anything,
      pullTrace: anything,
      pushTrace: anything,
    });
    fc.assert(
      fc.property(input, anyOccasion, (track, occasion) =>
        expectSound(deadTrackCard(track, occasion, traceLink)),
      ),
      { numRuns: 300 },
    );
  });
});
