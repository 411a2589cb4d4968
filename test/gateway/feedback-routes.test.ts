import { describe, expect, test } from 'vitest';
import type { FeedbackDeps } from '../../src/gateway/feedback-routes.ts';
import type { Response } from '../../src/gateway/request.ts';
import type { JoinTokens } from '../../src/identity/join-token.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import {
  alice,
  feedbackBench,
  form,
  jsonHeaders,
  textHeaders,
  type FeedbackBench,
} from '../support/feedback-routes.ts';
import type { FakeRequest } from '../support/request.ts';
import { loginCookie } from '../support/server.ts';

const bugReport = (headers = {}): FakeRequest =>
  form('/api/bugReport', { description: 'x', info: '{"roomName":"r1","url":"http://x/r1"}' }, headers);
const deadTrack: FakeRequest = { method: 'POST', path: '/api/deadTrack', headers: alice, body: '{}' };
const debugInfo = (id: string, headers: Record<string, string> = alice): FakeRequest => ({
  path: `/api/debugInfo?id=${id}`,
  headers,
});

const OK = { status: 200, headers: jsonHeaders, body: '{"status":"ok"}' };
const NO_REPORT = { status: 404, headers: textHeaders, body: '404: Report not found' };

describe('GET /api/debugInfo', () => {
  const reported = async (historyJson = '[{"t":1,"x":"y"}]'): Promise<FeedbackBench> => {
    const made = feedbackBench();
    const message = { id: 'm', createdAt: 0, cardJson: '{}' };
    await made.store.addFeedback(message, { id: 'r', owner: 'sid:alice', createdAt: 0, historyJson }, 10);
    return made;
  };
  const token = (tokens: JoinTokens, more = {}): Promise<string> =>
    tokens.sign({ sub: 'op', name: 'Op', room: '*', ...more }, 60);

  const whole = {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: '[\n  {\n    "t": 1,\n    "x": "y"\n  }\n]',
  };

  test('[F5] gives a report to the reporter and to admins', async () => {
    const { ask, tokens } = await reported();
    expect(await ask(debugInfo('r'))).toEqual(whole);
    const authorization = `Bearer ${await token(tokens, { roomAdmin: true })}`;
    expect(await ask(debugInfo('r', { authorization }))).toEqual(whole);
    expect(await ask(debugInfo(`r&token=${await token(tokens, { roomAdmin: true })}`, {}))).toEqual(whole);
  });

  test('[F5] does not tell others that there is one', async () => {
    const { ask, tokens } = await reported();
    expect(await ask(debugInfo('r', { cookie: loginCookie('alice', 'another') }))).toEqual(NO_REPORT);
    expect(await ask(debugInfo(`r&token=${await token(tokens)}`, {}))).toEqual(NO_REPORT);
    expect(await ask(debugInfo('unknown'))).toEqual(NO_REPORT);
    expect(await ask(debugInfo('r', {}))).toBe('unauthorized');
  });

  test.each(['/api/debugInfo', '/api/debugInfo?id='])('[F5] without an id is refused: %s', async (path) => {
    expect(await feedbackBench().ask({ path, headers: alice })).toEqual({
      status: 400,
      headers: textHeaders,
      body: 'missing id param',
    });
  });

  test.each([
    ['deep', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['deep and wide', `${'['.repeat(90)}${'0,'.repeat(100_000)}0${']'.repeat(90)}`],
  ])('[F5] leaves a %s report as it is: indenting would multiply it', async (_, historyJson) => {
    const { ask } = await reported(historyJson);
    expect(await ask(debugInfo('r'))).toEqual({ ...whole, body: historyJson });
  });
});

describe('what pages count', () => {
  test('[F6] POST /api/reportRefresh answers 201 without a body, whatever it is sent', async () => {
    const { ask } = feedbackBench();
    const request = { method: 'POST', path: '/api/reportRefresh', headers: alice, body: '{' };
    expect(await ask(request)).toEqual({ status: 201, headers: { 'cache-control': 'no-store' }, body: '' });
  });

  const quality = (fields: Record<string, string>): FakeRequest => form('/call-quality-feedback', fields);
  const home = { status: 302, headers: { location: '/', 'cache-control': 'no-store' }, body: '' };

  const qualityJson = {
    ...quality({}),
    headers: { ...alice, 'content-type': 'application/json' },
    body: '{"meetingId":"m","experiencedIssues":true}',
  };
  test.each([
    ['true', quality({ meetingId: 'm', experiencedIssues: 'true' }), true],
    ['false', quality({ meetingId: 'm', experiencedIssues: 'false' }), false],
    ['TRUE', quality({ meetingId: 'm', experiencedIssues: 'TRUE' }), false],
    ['nothing', quality({ meetingId: 'm' }), false],
    ['true in JSON', qualityJson, true],
  ])('[F6] POST /call-quality-feedback with %s leads home', async (_, request, experiencedIssues) => {
    const saved: unknown[] = [];
    const store = new MemoryStore();
    store.saveCallFeedback = (...args: unknown[]) => Promise.resolve(saved.push(args) > 0);
    expect(await feedbackBench({ store }).ask(request)).toEqual(home);
    expect(saved).toEqual([['m', experiencedIssues, '1.2.3']]);
  });

  test('[F6] [F18] POST /call-quality-feedback is about a meeting that there was', async () => {
    const { ask, store } = feedbackBench();
    const meeting = { id: 'm', startedAt: 0, at: 0, peakUserCount: 1, ended: true };
    await store.save({ meetings: [meeting], rooms: [] });
    expect(await ask(quality({ meetingId: 'm' }))).toEqual(home);
    expect(await ask(quality({ meetingId: 'unknown' }))).toBe('not_found');
    expect(await ask(quality({ experiencedIssues: 'true' }))).toBe('bad_request');
  });

  test('[F6] GET /call-quality-feedback is the page that asks, for people with a name', async () => {
    const asked = { status: 302, headers: { location: '/set-username' }, body: '' };
    const path = '/call-quality-feedback?meetingId=m';
    const page = await feedbackBench().ask({ path, headers: alice });
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(String((page as Response).body)).toContain('Did you experience any issues?');
    expect(await feedbackBench({ forNamed: () => () => asked }).ask({ path })).toEqual(asked);
    const script = await feedbackBench().ask({ path: '/assets/call-quality-feedback.js' });
    expect(script).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/javascript; charset=utf-8' },
    });
  });
});

describe('who may', () => {
  const posts: [string, FakeRequest][] = [
    ['/api/bugReport', bugReport()],
    ['/api/deadTrack', deadTrack],
    ['/api/reportRefresh', { method: 'POST', path: '/api/reportRefresh', headers: alice }],
    ['/call-quality-feedback', form('/call-quality-feedback', { meetingId: 'm' })],
  ];

  test.each(posts)('[F1] POST %s: who has a login, and may send feedback', async (_, request) => {
    expect(await feedbackBench().ask({ ...request, headers: {} })).toBe('unauthorized');
    const authorize: FeedbackDeps['authorize'] = (_role, action) => action !== 'sendFeedback';
    expect(await feedbackBench({ authorize }).ask(request)).toBe('not_allowed');
  });

  test('[F1] ten times at once and then every 10 s, each login and each kind by itself', async () => {
    const { ask, clock } = feedbackBench();
    const answers = async (count: number, request: FakeRequest): Promise<unknown[]> => {
      const all = [];
      for (let n = 0; n < count; n += 1) all.push(await ask(request));
      return all.map((answer) => (typeof answer === 'string' ? answer : answer.status));
    };
    const oks = (count: number): number[] => Array<number>(count).fill(200);
    expect(await answers(11, deadTrack)).toEqual([...oks(10), 'too_many_requests']);
    expect(await answers(1, bugReport())).toEqual([200]);
    expect(await answers(1, bugReport({ cookie: loginCookie('bob') }))).toEqual([200]);
    clock.advance(10_000);
    expect(await answers(2, deadTrack)).toEqual([200, 'too_many_requests']);
  });

  test('[F1] fifty times at once from one address, whoever asks', async () => {
    const { ask } = feedbackBench();
    const from = (n: number, address: string): Promise<Response | string> =>
      ask({ ...bugReport({ cookie: loginCookie(`user ${n}`) }), forwarding: { address } });
    for (let n = 0; n < 50; n += 1) expect(await from(n, '192.0.2.1')).toEqual(OK);
    expect(await from(50, '192.0.2.1')).toBe('too_many_requests');
    expect(await from(51, '192.0.2.2')).toEqual(OK);
  });
});

describe('without FEEDBACK_URL', () => {
  test('[F17] reports are taken from nobody, and the start says so', async () => {
    const { ask, logLines } = feedbackBench({ outbox: undefined });
    const notFound = { status: 404, headers: textHeaders, body: 'not found' };
    expect(await ask(bugReport())).toEqual(notFound);
    expect(await ask(deadTrack)).toEqual(notFound);
    expect(await ask(debugInfo('r'))).toEqual(NO_REPORT);
    expect(await ask({ method: 'POST', path: '/api/reportRefresh', headers: alice })).toMatchObject({
      status: 201,
    });
    expect(logLines.map(({ level, msg }) => [level, msg])).toEqual([
      [30, 'feedback is off: there is no FEEDBACK_URL'],
    ]);
  });
});
