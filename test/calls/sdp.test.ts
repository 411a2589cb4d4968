import { describe, expect, test } from 'vitest';
import { sdpFault } from '../../src/calls/sdp.ts';
import { sdp } from '../support/scripted-sfu.ts';

const GOOD = sdp('0', '1');
const edit = (pattern: RegExp | string, replacement: string): string => GOOD.replaceAll(pattern, replacement);

/** ICE and DTLS at the session, as some peers write them. */
const AT_SESSION = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=fingerprint:sha-256 AB:CD',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:0',
  '',
].join('\r\n');

const AT_LAST = [sdp('0').split('a=ice-ufrag')[0], sdp('1').slice(sdp('1').indexOf('m='))].join('');

describe('a description', () => {
  test.each([
    ['as browsers write it', GOOD],
    ['with ICE and DTLS at the session', AT_SESSION],
    ['with ICE and DTLS at its last m-line alone', AT_LAST],
    ['with line ends of one character', edit('\r\n', '\n')],
    ['with a rejected m-line', edit('m=audio 9', 'm=audio 0')],
    ['with lines that nobody knows', `${GOOD}a=x-new:1\r\nz=0 0\r\n`],
    [
      'with a data channel alone',
      edit(/m=audio 9 UDP\/TLS\/RTP\/SAVPF 111/g, 'm=application 9 UDP/DTLS/SCTP webrtc'),
    ],
  ])('[C13] %s can be used', (_, text) => {
    expect(sdpFault({ type: 'offer', sdp: text }, 'offer')).toBeUndefined();
    expect(sdpFault({ type: 'answer', sdp: text }, 'answer')).toBeUndefined();
  });

  test.each([
    ['is empty', '', 'not_sdp'],
    ['is a version and nothing else', 'v=0', 'no_final_line_end'],
    ['is a version and a line end', 'v=0\r\n', 'no_media'],
    ['is JSON', JSON.stringify({ type: 'offer', sdp: GOOD }), 'not_sdp'],
    ['is HTML', '<html></html>\r\n', 'not_sdp'],
    ['has a blank before it', ` ${GOOD}`, 'not_sdp'],
    ['has a byte order mark', `\ufeff${GOOD}`, 'not_sdp'],
    ['has lost its last line end', GOOD.trimEnd(), 'no_final_line_end'],
    ['has a blank in place of its last line end', `${GOOD.trimEnd()} `, 'no_final_line_end'],
    ['has half of its last line end', GOOD.slice(0, -1), 'no_final_line_end'],
    ['has no m-line', GOOD.slice(0, GOOD.indexOf('m=')), 'no_media'],
    ['has no ICE', edit(/a=ice-.*\r\n/g, ''), 'no_ice'],
    ['has no DTLS', edit(/a=fingerprint.*\r\n/g, ''), 'no_dtls'],
    ['has neither, and is told of the first', edit(/a=(?:ice-|fingerprint).*\r\n/g, ''), 'no_ice'],
  ] as const)('[C13] that %s cannot', (_, text, fault) => {
    expect(sdpFault({ type: 'offer', sdp: text }, 'offer')).toBe(fault);
  });

  test('[C13] of the wrong type is told of that first', () => {
    expect(sdpFault({ type: 'offer', sdp: GOOD }, 'answer')).toBe('wrong_type');
    expect(sdpFault({ type: 'answer', sdp: GOOD }, 'offer')).toBe('wrong_type');
    expect(sdpFault({ type: 'answer', sdp: '' }, 'offer')).toBe('wrong_type');
  });
});

describe('m-lines that a description must have', () => {
  const offer = (...mids: string[]) => ({ type: 'offer', sdp: sdp(...mids) }) as const;

  test.each([
    [['0', '1'], []],
    [['0', '1'], ['0']],
    [
      ['0', '1'],
      ['1', '0'],
    ],
    [['audio', '01'], ['01']],
    [['0'], ['#mic']],
  ] as const)('[C13] of %j there are %j', (has, wanted) => {
    expect(sdpFault(offer(...has), 'offer', wanted)).toBeUndefined();
  });

  test.each([
    [['0', '1'], ['2']],
    [
      ['0', '1'],
      ['0', '2'],
    ],
    [['01'], ['1']],
    [['1'], ['01']],
    [['0'], ['']],
  ] as const)('[C13] of %j there are not %j', (has, wanted) => {
    expect(sdpFault(offer(...has), 'offer', wanted)).toBe('unknown_mid');
  });

  test('[C13] an m-line without a name is not one that is called undefined', () => {
    const nameless = sdp('0').replace('a=mid:0\r\n', '');
    expect(sdpFault({ type: 'offer', sdp: nameless }, 'offer', ['undefined'])).toBe('unknown_mid');
  });
});
