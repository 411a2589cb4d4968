import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { Card } from '../../src/feedback/google-chat.ts';
import { alice, feedbackBench, FORM, form, jsonHeaders } from '../support/feedback-routes.ts';
import type { FakeRequest } from '../support/request.ts';

const info = { roomName: 'r1', url: 'http://x/r1', roomHistory: [{ t: 1, x: 'y' }] };
const bugReport = (fields = {}, headers = {}): FakeRequest =>
  form('/api/bugReport', { description: 'It <b>broke</b>', info: JSON.stringify(info), ...fields }, headers);
const track = {
  pullSessionTrace: 'https://trace.example.org/pull',
  pushedSessionTrace: 'https://trace.example.org/push',
  trackId: 't-1',
  pullingUser: 'mallory',
  pushingUser: 'bob',
  meetingId: 'm-1',
};
const deadTrack = (body: string, contentType = 'text/plain;charset=UTF-8'): FakeRequest => ({
  method: 'POST',
  path: '/api/deadTrack',
  headers: { ...alice, 'content-type': contentType },
  body,
});
const OK = { status: 200, headers: jsonHeaders, body: '{"status":"ok"}' };

/** The texts of a card, without what every card has. */
const digest = ({ cardId, card }: Card) => ({
  cardId,
  title: card.header.title,
  subtitle: card.header.subtitle,
  widgets: card.sections.map(({ widgets }) => widgets),
});
const button = (text: string, url: string) => ({ text, onClick: { openLink: { url } } });
const SUBTITLE = 'Time: 1970-01-01T00:16:40.000Z Environment: meet.example.org commit: 1.2.3';

describe('POST /api/bugReport', () => {
  const digestOfReport = (userAgent: string) => ({
    cardId: 'orange-meets-feedback-card',
    title: 'Feedback from alice',
    subtitle: SUBTITLE,
    widgets: [
      [{ textParagraph: { text: 'It &lt;b&gt;broke&lt;/b&gt;' } }],
      [{ textParagraph: { text: userAgent } }],
      [{ buttonList: { buttons: [button('r1', 'https://meet.example.org/r1')] } }],
      [
        {
          buttonList: {
            buttons: [button('View JSON', 'https://meet.example.org/api/debugInfo?id=id-1')],
          },
        },
      ],
    ],
  });

  test('[F2] [F5] of a form makes a card in the name of the login, and a report', async () => {
    const { ask, cards, store, clock } = feedbackBench();
    const identity = { id: 'x', name: 'mallory' };
    const claimed = JSON.stringify({ ...info, url: 'https://evil.example.org/', identity });
    expect(await ask(bugReport({ info: claimed }, { 'user-agent': 'lab-agent/1' }))).toEqual(OK);
    expect((await cards()).map(digest)).toEqual([digestOfReport('lab-agent/1')]);
    expect(await store.readReport('id-1')).toEqual({
      id: 'id-1',
      owner: 'sid:alice',
      createdAt: clock.now(),
      historyJson: '[{"t":1,"x":"y"}]',
    });
  });

  test.each([
    ['an object', info],
    ['a text', JSON.stringify(info)],
  ])('[F2] of JSON with info as %s does the same, and needs no User-Agent', async (_, given) => {
    const { ask, cards } = feedbackBench();
    const body = JSON.stringify({ description: 'It <b>broke</b>', info: given });
    expect(await ask({ ...bugReport({}, { 'content-type': 'application/json' }), body })).toEqual(OK);
    expect((await cards()).map(digest)).toEqual([digestOfReport('unknown')]);
  });

  test('[F2] of a multipart form does the same', async () => {
    const { ask, cards } = feedbackBench();
    const part = (name: string, value: string): string =>
      `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = `${part('description', 'It <b>broke</b>')}${part('info', JSON.stringify(info))}--b--\r\n`;
    const contentType = { 'content-type': 'multipart/form-data; boundary=b' };
    expect(await ask({ ...bugReport({}, contentType), body })).toEqual(OK);
    expect((await cards()).map(digest)).toEqual([digestOfReport('unknown')]);
  });

  test('[F5] without a history keeps an empty one', async () => {
    const { ask, store } = feedbackBench();
    expect(await ask(bugReport({ info: '{"roomName":"r","url":"http://x/"}' }))).toEqual(OK);
    expect((await store.readReport('id-1'))?.historyJson).toBe('[]');
  });

  const without = (field: keyof typeof info): string => JSON.stringify({ ...info, [field]: undefined });
  test.each([
    ['no description', form('/api/bugReport', { info: JSON.stringify(info) }), 'bad_request'],
    ['no info', form('/api/bugReport', { description: 'x' }), 'bad_request'],
    ['info that is no JSON', bugReport({ info: '{' }), 'bad_request'],
    ['info that is null', bugReport({ info: 'null' }), 'bad_request'],
    ['no room', bugReport({ info: without('roomName') }), 'bad_request'],
    [
      'a room that cannot be',
      bugReport({ info: JSON.stringify({ ...info, roomName: 'a/b' }) }),
      'bad_request',
    ],
    ['no URL', bugReport({ info: without('url') }), 'bad_request'],
    ['a URL that is none', bugReport({ info: JSON.stringify({ ...info, url: 'nope' }) }), 'bad_request'],
    ['another type', bugReport({}, { 'content-type': 'text/plain' }), 'unsupported_media_type'],
    ['JSON that is none', bugReport({}, { 'content-type': 'application/json' }), 'bad_request'],
    [
      'a history without a bottom',
      bugReport({
        info: `{"roomName":"r","url":"http://x/","roomHistory":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      }),
      'bad_request',
    ],
  ])('[F18] with %s is refused', async (_, request, code) => {
    const { ask, cards } = feedbackBench();
    expect(await ask(request)).toBe(code);
    expect(await cards()).toEqual([]);
  });

  test('[F7] that cannot be stored says so', async () => {
    const outbox = { add: () => Promise.reject(new AppError('store_unavailable')) };
    expect(await feedbackBench({ outbox }).ask(bugReport())).toBe('store_unavailable');
  });

  test('[F5] takes a history of up to 1 MiB', () => {
    expect(feedbackBench().routes['/api/bugReport']?.['POST']?.maxBodyBytes).toBe(1024 * 1024);
  });
});

describe('POST /api/deadTrack', () => {
  const digestOfTrack = {
    cardId: 'orange-meets-dead-track-card',
    title: '💀 Dead track: alice had issue pulling from bob',
    subtitle: SUBTITLE,
    widgets: [
      [{ textParagraph: { text: 't-1' } }],
      [
        {
          buttonList: {
            buttons: [
              button("alice's pull trace", track.pullSessionTrace),
              button("bob's push trace", track.pushedSessionTrace),
            ],
          },
        },
      ],
    ],
  };

  test.each([
    ["JSON as the original's page sends it", deadTrack(JSON.stringify(track))],
    ['JSON', deadTrack(JSON.stringify(track), 'application/json')],
    ['a form', deadTrack(new URLSearchParams(track).toString(), FORM)],
  ])('[F2] of %s makes a card in the name of the login', async (_, request) => {
    const { ask, cards } = feedbackBench();
    expect(await ask(request)).toEqual(OK);
    expect((await cards()).map(digest)).toEqual([digestOfTrack]);
  });

  test('[F3] of nothing makes a card without empty places', async () => {
    const { ask, cards } = feedbackBench();
    expect(await ask(deadTrack('{}'))).toEqual(OK);
    expect((await cards()).map(digest)).toEqual([
      {
        ...digestOfTrack,
        title: '💀 Dead track: alice had issue pulling from unknown',
        widgets: [[{ textParagraph: { text: 'unknown' } }]],
      },
    ]);
  });

  test.each(['{', 'null', '', '[]', '{"trackId":5}', `{"trackId":"${'x'.repeat(2_001)}"}`])(
    '[F18] of %j is refused',
    async (body) => {
      expect(await feedbackBench().ask(deadTrack(body))).toBe('bad_request');
    },
  );
});
