import { expect, test } from 'vitest';
import { siteOrigin, statedRoomName, traceLinks } from '../../src/feedback/links.ts';

const traceLink = traceLinks('https://trace.example.org/s/{id}');

test.each([
  ['https://trace.example.org/s/x?y=1#z', 'https://trace.example.org/s/x?y=1#z'],
  ['https://TRACE.example.org:443/a/../s/x"<', 'https://trace.example.org/s/x%22%3C'],
  ['https://trace.example.org/other', undefined],
  ['https://trace.example.org/s/../other', undefined],
  ['https://trace.example.org/s/%2e%2e/other', undefined],
  ['https://trace.example.org.evil.org/s/x', undefined],
  ['https://trace.example.org@evil.org/s/x', undefined],
  ['https://user@trace.example.org/s/x', undefined],
  ['https://:password@trace.example.org/s/x', undefined],
  ['https://trace.example.org:8443/s/x', undefined],
  ['http://trace.example.org/s/x', undefined],
  ['javascript:alert(1)//https://trace.example.org/s/', undefined],
  ['data:text/html,x', undefined],
  ['//trace.example.org/s/x', undefined],
  ['', undefined],
  [`https://trace.example.org/s/${'x'.repeat(2_000)}`, undefined],
])('[F4] of the trace links %j leads to %j', (link, url) => {
  expect(traceLink(link)).toBe(url);
});

test.each([
  ['https://t.example.org/?session={id}', 'https://t.example.org/?session=a', true],
  ['https://t.example.org/?session={id}', 'https://t.example.org/?x=1&session=a', false],
  ['https://t.example.org/#/s/{id}/trace', 'https://t.example.org/#/s/a/trace', true],
  ['https://t.example.org/{id}', 'https://t.example.org/anything', true],
  ['', 'https://t.example.org/', false],
  ['http://127.0.0.1:9/{id}', 'http://127.0.0.1:9/a', false],
])('[F4] with TRACE_LINK %j, %j is a link: %j', (template, link, isLink) => {
  expect(traceLinks(template)(link) !== undefined).toBe(isLink);
});

test.each([
  ['meet.example.org', true, 'https://meet.example.org'],
  ['127.0.0.1:8787', false, 'http://127.0.0.1:8787'],
  ['[::1]:8787', false, 'http://[::1]:8787'],
  ['meet.example.org:443', true, 'https://meet.example.org'],
  ['', true, undefined],
  ['user@evil.org', true, undefined],
  ['evil.org/path', true, undefined],
  ['evil.org?x', true, undefined],
  ['evil.org#x', true, undefined],
  ['evil.org\\x', true, undefined],
  ['evil.org:99999', true, undefined],
  ['a b', true, undefined],
  ['x'.repeat(300), true, undefined],
])('[F4] the origin of host %j (secure: %j) is %j', (host, secure, origin) => {
  expect(siteOrigin({ host, secure })).toBe(origin);
});

test.each([
  ['a b%', 'a b%'],
  ['', undefined],
  ['a/b', undefined],
  ['a\u0000', undefined],
  ['x'.repeat(129), undefined],
  ['\ud800', undefined],
])('[F4] a room stated as %j is %j', (name, roomName) => {
  expect(statedRoomName(name)).toBe(roomName);
});
