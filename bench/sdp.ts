const M_LINE = [
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  'a=setup:active',
  'a=recvonly',
  'a=rtcp-mux',
  ...Array.from({ length: 12 }, (_, n) => `a=rtcp-fb:96 feedback-${n}`),
  'a=rtpmap:96 VP8/90000',
];

/** A session description of about that size; m-line `0` is the one that the load publishes on. */
export function sdpOf(bytes: number): string {
  const lines = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0'];
  for (let mid = 0; lines.join('\r\n').length < bytes || mid === 0; mid += 1)
    lines.push(...M_LINE, `a=mid:${mid}`);
  return `${lines.join('\r\n')}\r\n`;
}
