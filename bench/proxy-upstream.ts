import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sdpOf } from './sdp.ts';
import { serve } from './worker.ts';

export type UpstreamCalls = {
  /** `sdpBytes`: about how large the answers' session descriptions are. */
  readonly listen: {
    readonly input: { readonly sdpBytes: number };
    readonly output: { readonly port: number };
  };
  readonly sample: {
    readonly input: null;
    readonly output: { readonly cpuSeconds: number; readonly requests: number };
  };
};

let requests = 0;
let pushed = '';

const server = createServer((request, response) => {
  requests += 1;
  request.resume();
  request.on('end', () => {
    const isNew = request.url?.split('?')[0]?.endsWith('/sessions/new') === true;
    response.writeHead(isNew ? 201 : 200, { 'content-type': 'application/json' });
    response.end(isNew ? `{"sessionId":"bench-${requests}"}` : pushed);
  });
});
server.keepAliveTimeout = 60_000;

serve<UpstreamCalls>({
  listen: async ({ sdpBytes }) => {
    pushed = JSON.stringify({
      requiresImmediateRenegotiation: false,
      tracks: [{ trackName: 't', mid: '0' }],
      sessionDescription: { type: 'answer', sdp: sdpOf(sdpBytes) },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port };
  },
  sample: () => {
    const { user, system } = process.cpuUsage();
    return { cpuSeconds: (user + system) / 1e6, requests };
  },
});
