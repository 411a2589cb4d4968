import { describe, expect, test } from 'vitest';
import { cleanLine, escapeWithin } from '../../src/feedback/card-text.ts';
import {
  bugReportCard,
  deadTrackCard,
  MAX_CARD_BYTES,
  type BugReportInput,
  type Card,
  type DeadTrackInput,
  type Occasion,
} from '../../src/feedback/google-chat.ts';
import { siteOrigin, traceLinks } from '../../src/feedback/links.ts';

const occasion: Occasion = {
  now: Date.UTC(2026, 0, 2, 3, 4, 5),
  host: 'meet.example.org',
  origin: 'https://meet.example.org',
  version: '1.2.3',
};
const report: BugReportInput = {
  name: 'alice',
  description: 'no sound',
  userAgent: 'lab-agent/1',
  roomName: 'r1',
  reportId: 'an-id',
};
const track: DeadTrackInput = {
  puller: 'alice',
  pusher: 'bob',
  trackId: 't-1',
  pullTrace: 'https://trace.example.org/s/pull',
  pushTrace: 'https://trace.example.org/s/push',
};
const traceLink = traceLinks('https://trace.example.org/s/{id}');
const bytes = (card: Card): number => Buffer.byteLength(JSON.stringify(card));
const texts = (card: Card): string[] =>
  card.card.sections.flatMap(({ widgets }) =>
    widgets.flatMap((widget) =>
      'textParagraph' in widget
        ? [widget.textParagraph.text]
        : widget.buttonList.buttons.map(({ text }) => text),
    ),
  );

const IMAGE_URL = 'https://developers.google.com/chat/images/quickstart-app-avatar.png';
const SUBTITLE = 'Time: 2026-01-02T03:04:05.000Z Environment: meet.example.org commit: 1.2.3';

describe('the layout', () => {
  test("[F2] a bug report has the original's", () => {
    expect(bugReportCard(report, occasion)).toEqual({
      cardId: 'orange-meets-feedback-card',
      card: {
        header: {
          title: 'Feedback from alice',
          subtitle: SUBTITLE,
          imageUrl: IMAGE_URL,
          imageType: 'CIRCLE',
          imageAltText: 'Feedback from alice',
        },
        sections: [
          {
            header: 'Description',
            widgets: [{ textParagraph: { text: 'no sound' } }],
            collapsible: false,
          },
          {
            header: 'User Agent',
            widgets: [{ textParagraph: { text: 'lab-agent/1' } }],
            collapsible: false,
          },
          {
            header: 'Room',
            widgets: [
              {
                buttonList: {
                  buttons: [{ text: 'r1', onClick: { openLink: { url: 'https://meet.example.org/r1' } } }],
                },
              },
            ],
            collapsible: false,
          },
          {
            header: 'Debug Info',
            widgets: [
              {
                buttonList: {
                  buttons: [
                    {
                      text: 'View JSON',
                      onClick: { openLink: { url: 'https://meet.example.org/api/debugInfo?id=an-id' } },
                    },
                  ],
                },
              },
            ],
            collapsible: false,
          },
        ],
      },
    });
  });

  test("[F2] a dead track has the original's", () => {
    const link = (text: string, url: string) => ({ text, onClick: { openLink: { url } } });
    expect(deadTrackCard(track, occasion, traceLink)).toEqual({
      cardId: 'orange-meets-dead-track-card',
      card: {
        header: {
          title: '💀 Dead track: alice had issue pulling from bob',
          subtitle: SUBTITLE,
          imageUrl: IMAGE_URL,
          imageType: 'CIRCLE',
        },
        sections: [
          { header: 'Track ID', widgets: [{ textParagraph: { text: 't-1' } }], collapsible: false },
          {
            header: 'Trace links',
            widgets: [
              {
                buttonList: {
                  buttons: [
                    link("alice's pull trace", 'https://trace.example.org/s/pull'),
                    link("bob's push trace", 'https://trace.example.org/s/push'),
                  ],
                },
              },
            ],
            collapsible: false,
          },
        ],
      },
    });
  });

  test('[F3] what is missing is unknown or left out: nothing in a card is empty', () => {
    const bare = bugReportCard({ ...report, description: ' \u202e\u0007 ', userAgent: '' }, occasion);
    expect(bare.card.sections.map(({ header }) => header)).toEqual(['User Agent', 'Room', 'Debug Info']);
    expect(texts(bare)).toEqual(['unknown', 'r1', 'View JSON']);
    const nothing = { puller: 'alice', pusher: '', trackId: '', pullTrace: '', pushTrace: ' ' };
    const dead = deadTrackCard(nothing, occasion, traceLink);
    expect(dead.card.header.title).toBe('💀 Dead track: alice had issue pulling from unknown');
    expect(dead.card.sections.map(({ header }) => header)).toEqual(['Track ID']);
    expect(texts(dead)).toEqual(['unknown']);
  });
});

describe('texts', () => {
  test.each([
    ['<b>broke</b>', '&lt;b&gt;broke&lt;/b&gt;'],
    ['a & b &amp; c', 'a &amp; b &amp;amp; c'],
    [`"it's"`, '&quot;it&#39;s&quot;'],
    ['two\r\nlines\rand\nmore', 'two\nlines\nand\nmore'],
    ['a\u0000b\u001b[31mc\u007fd\u0085e', 'ab[31mcde'],
    ['safe\u202eexe.\u2066txt\u2069\u200f', 'safeexe.txt'],
    ['half a pair \ud83c', 'half a pair'],
    ['Zoë 🍊 👨‍👩‍👧', 'Zoë 🍊 👨‍👩‍👧'],
  ])('[F3] %j is shown as %j', (raw, shown) => {
    expect(texts(bugReportCard({ ...report, description: raw }, occasion))[0]).toBe(shown);
  });

  test('[F3] names, user agents, rooms, hosts and tracks are escaped too, and are one line', () => {
    const evil = '<i>"\n\u202e&';
    const shown = '&lt;i&gt;&quot; &amp;';
    const bug = bugReportCard(
      { ...report, name: evil, userAgent: evil, roomName: evil },
      { ...occasion, host: evil, version: evil },
    );
    const { title, subtitle, imageAltText } = bug.card.header;
    expect({ title, subtitle, imageAltText, texts: texts(bug) }).toEqual({
      title: `Feedback from ${shown}`,
      subtitle: `Time: 2026-01-02T03:04:05.000Z Environment: ${shown} commit: ${shown}`,
      imageAltText: `Feedback from ${shown}`,
      texts: ['no sound', shown, shown, 'View JSON'],
    });
    const dead = deadTrackCard(
      { puller: evil, pusher: evil, trackId: evil, pullTrace: evil, pushTrace: '' },
      occasion,
      traceLink,
    );
    expect(dead.card.header.title).toBe(`💀 Dead track: ${shown} had issue pulling from ${shown}`);
    expect(texts(dead)).toEqual([shown, `${shown}'s pull trace: ${shown}`]);
  });

  test('[F3] lines are cut between characters', () => {
    expect(cleanLine('🍊'.repeat(5), 5)).toBe('🍊'.repeat(5));
    expect(cleanLine('🍊'.repeat(6), 5)).toBe(`${'🍊'.repeat(4)}…`);
    const agent = texts(bugReportCard({ ...report, userAgent: 'ü'.repeat(501) }, occasion))[1];
    expect(agent).toBe(`${'ü'.repeat(499)}…`);
  });

  test('[F3] a long description is cut between characters, to what a card may have', () => {
    const cut = (description: string): [number, string] => {
      const card = bugReportCard({ ...report, description }, occasion);
      return [bytes(card), texts(card)[0] ?? ''];
    };
    const [size, text] = cut('x'.repeat(100_000));
    expect(size).toBe(MAX_CARD_BYTES);
    expect(text).toMatch(/^x+…$/);
    const [escapedSize, escaped] = cut('<'.repeat(100_000));
    expect(escapedSize).toBeGreaterThan(MAX_CARD_BYTES - '&lt;'.length);
    expect(escaped).toMatch(/^(?:&lt;)+…$/);
    expect(cut('🍊'.repeat(25_000))[1]).toMatch(/^🍊+…$/u);
    expect(escapeWithin('ab', 2)).toBe('ab');
    expect(escapeWithin('abcdef', 5)).toBe('ab…');
    expect(escapeWithin('a&cdef', 5)).toBe('a…');
  });
});

describe('links', () => {
  test('[F4] a trace link that leads elsewhere is a text', () => {
    const card = deadTrackCard({ ...track, pushTrace: 'javascript:alert("<1>")' }, occasion, traceLink);
    expect(card.card.sections[1]?.widgets).toEqual([
      {
        buttonList: {
          buttons: [{ text: "alice's pull trace", onClick: { openLink: { url: track.pullTrace } } }],
        },
      },
      { textParagraph: { text: "bob's push trace: javascript:alert(&quot;&lt;1&gt;&quot;)" } },
    ]);
  });

  test('[F4] the room is a link to this site, whatever its name is made of', () => {
    const card = bugReportCard({ ...report, roomName: '../a b?c#d%2f🍊' }, occasion);
    expect(card.card.sections[2]?.widgets).toEqual([
      {
        buttonList: {
          buttons: [
            {
              text: '../a b?c#d%2f🍊',
              onClick: {
                openLink: { url: 'https://meet.example.org/..%2Fa%20b%3Fc%23d%252f%F0%9F%8D%8A' },
              },
            },
          ],
        },
      },
    ]);
  });

  test('[F4] where the host of the request is none there are texts in place of links', () => {
    const card = bugReportCard(report, {
      ...occasion,
      host: 'x/y',
      origin: siteOrigin({ host: 'x/y', secure: true }),
    });
    expect(texts(card)).toEqual(['no sound', 'lab-agent/1', 'r1', '/api/debugInfo?id=an-id']);
  });
});
