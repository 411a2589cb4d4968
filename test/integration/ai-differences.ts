import { insert, mapConnection, mapOutcomes, mapStates, stateOf } from '../support/recording-edit.ts';
import { sentMessages, type Outcomes, type Recording, type Seen } from '../support/recording.ts';
import { sdp } from '../support/scripted-sfu.ts';

/** A request to the SFU or to OpenAI, as far as it is compared. */
export type UpstreamRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authorization: string;
  /** Parsed: JSON, the parts of a form by their names, or text. */
  readonly body: unknown;
};

export type Course = { readonly outcomes: Outcomes; readonly requests: readonly UpstreamRequest[] };

/** One intended difference, as those of differences.ts: here also in what is asked of the upstreams. */
export type AiDifference = {
  readonly name: string;
  readonly reason: string;
  readonly apply: (recorded: Course, recording: Recording) => Course;
};

/** The lab's upstreams answered with lines that are no description of anything. */
export const LAB_OFFER = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=mock-calls-offer\r\n';
export const LAB_ANSWER = 'v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=mock-openai-answer\r\n';
export const OFFER = sdp('0');
export const ANSWER = sdp('0').replace('o=- 1 2', 'o=- 3 4');

const CALL_PATH = '/openai/v1/realtime/calls';
const isCall = ({ path }: UpstreamRequest): boolean =>
  path.startsWith('/openai/') && !path.endsWith('hangup');
const isRoute = ({ body }: UpstreamRequest): boolean => JSON.stringify(body).includes('"remote"');

const mapRequests = (
  course: Course,
  change: (request: UpstreamRequest) => UpstreamRequest | readonly UpstreamRequest[],
): Course => ({ ...course, requests: course.requests.flatMap(change) });

const withOutcomes = (course: Course, change: (outcomes: Outcomes) => Outcomes): Course => ({
  ...course,
  outcomes: change(course.outcomes),
});

const errorAt = (at: number, code: string, error: string): Seen => ({
  at,
  frame: { type: 'error', error, code },
});

/** What ends an AI: its call, if there is one, and its m-line. What a user published belongs to no meeting. */
function closing(
  callId: string | undefined,
  session: string,
  query = '?correlationId=<meeting-1>',
): readonly UpstreamRequest[] {
  const hangUp = {
    method: 'POST',
    path: `${CALL_PATH}/${callId}/hangup`,
    query: '',
    authorization: 'Bearer lab-openai-token',
    body: '',
  };
  const close = {
    method: 'PUT',
    path: `/v1/apps/lab-app-id/sessions/${session}/tracks/close`,
    query,
    authorization: 'Bearer lab-app-secret',
    body: { tracks: [{ mid: '0' }], force: true },
  };
  return callId === undefined ? [close] : [hangUp, close];
}

const sessionIn = ({ path }: UpstreamRequest): string => /sessions\/([^/]+)\//.exec(path)?.[1] ?? '';

/** Each is declared by the scenarios of ai-recordings.test.ts that need it, and only by those. */
export const AI_DIFFERENCES = [
  {
    name: 'real-descriptions',
    reason: "SDP is checked before it goes on, and the lab's is none: here both sides get one that passes.",
    apply: (course) =>
      mapRequests(course, (request) => {
        if (request.body === LAB_OFFER) return { ...request, body: OFFER };
        const text = JSON.stringify(request.body);
        const real = text.replace(JSON.stringify(LAB_ANSWER), JSON.stringify(ANSWER));
        return { ...request, body: JSON.parse(real) };
      }),
  },
  {
    name: 'one-base-path',
    reason:
      'The original left the version out of the path for its own requests, but not for those of its clients. Here ' +
      'CALLS_API_URL is the base of both.',
    apply: (course) =>
      mapRequests(course, (request) => ({ ...request, path: request.path.replace(/^\/apps/, '/v1/apps') })),
  },
  {
    name: 'calls-of-the-ga-api',
    reason:
      "The beta that took SDP with its wishes in the query is gone. Its successor takes a form of two parts, and the beta's " +
      'address stands for it. [V11]',
    apply: (course) =>
      mapRequests(course, (request) => {
        if (!isCall(request)) return request;
        const wishes = new URLSearchParams(request.query);
        const session = {
          type: 'realtime',
          model: wishes.get('model'),
          instructions: wishes.get('instructions'),
          audio: {
            input: { turn_detection: { type: 'server_vad' } },
            output: { voice: wishes.get('voice') },
          },
        };
        return { ...request, path: CALL_PATH, query: '', body: { sdp: request.body, session } };
      }),
  },
  {
    name: 'route-names-meeting-and-kind',
    reason:
      "The original named the meeting in every request but this one, and left out the track's kind, which the API asks for.",
    apply: (course) =>
      mapRequests(course, (request) => {
        if (!isRoute(request)) return request;
        const { tracks } = request.body as { tracks: readonly object[] };
        const body = { tracks: tracks.map((track) => ({ ...track, kind: 'audio' })) };
        return { ...request, query: '?correlationId=<meeting-1>', body };
      }),
  },
  {
    name: 'dismissed-ai-is-closed',
    reason: 'The original left the call and the track of a dismissed AI open, and paid for it. [R30] [V6]',
    apply: (course, recording) => {
      const dismissals = sentMessages(recording, 'disableAi').length;
      let opened = 0;
      return mapRequests(course, (request) => {
        if (!request.path.endsWith('/renegotiate')) return request;
        opened += 1;
        return opened > dismissals ? request : [request, ...closing(`rtc_${opened}`, sessionIn(request))];
      });
    },
  },
  {
    name: 'failed-opening-is-closed',
    reason: 'The original left the SFU its m-line when OpenAI refused the call. [V3]',
    apply: (course) => ({
      ...course,
      requests: course.requests.flatMap((request, index) => {
        const before = course.requests[index - 1];
        const failed = isCall(request) && !course.requests[index + 1]?.path.endsWith('/renegotiate');
        return failed && before ? [request, ...closing(undefined, sessionIn(before))] : [request];
      }),
    }),
  },
  {
    name: 'overloaded-api-asked-again',
    reason:
      'The original gave up at the first 500. Here it is asked twice more, after 0.5 s and 1 s, before the room is told. [V5]',
    apply: (course, recording) => {
      const [first] = sentMessages(recording, 'enableAi');
      const failedAt = (first?.at ?? 0) + 1_500;
      const requests = course.requests.flatMap((request, index) =>
        isCall(request) && !course.requests[index + 1]?.path.endsWith('/renegotiate')
          ? [request, request, request]
          : [request],
      );
      const outcomes = mapOutcomes(course.outcomes, (list) =>
        list.map((seen) => (isFailure(seen) ? { ...seen, at: failedAt } : seen)),
      );
      return { outcomes, requests };
    },
  },
  {
    name: 'refused-account-is-told',
    reason:
      'The original said the same of every failure. That of the key is final until an operator acts, and is told apart. [V5]',
    apply: (course) =>
      withOutcomes(course, (outcomes) =>
        mapOutcomes(outcomes, (list) =>
          mapStates(list, 0, Number.POSITIVE_INFINITY, (state) =>
            'error' in (state.ai as object)
              ? {
                  ...state,
                  ai: {
                    ...(state.ai as object),
                    error: "The AI service refuses this server's account (its key, its quota or its model)",
                  },
                }
              : state,
          ),
        ),
      ),
  },
  {
    name: 'pending-control-refused',
    reason: 'The original dropped a request during another in silence; here its sender is told. [R26]',
    apply: (course, recording) =>
      refuseSecond(course, recording, 'ai_control_pending', 'Somebody else is about to talk to the AI'),
  },
  {
    name: 'held-control-refused',
    reason:
      'In the original anybody took the control from anybody, in the middle of a word. Here it is refused, and who holds it ' +
      'lets go of it first. [R26]',
    apply: (course, recording) => {
      const [, second] = sentMessages(recording, 'requestAiControl');
      const taken = course.requests.filter(isRoute)[1];
      const told = refuseSecond(course, recording, 'ai_control_held', 'Somebody else is talking to the AI');
      const isTaking = (seen: Seen): boolean =>
        seen.at >= (second?.at ?? 0) && JSON.stringify(stateOf(seen)?.ai ?? {}).includes('controllingUser');
      return {
        requests: told.requests.filter((request) => request !== taken),
        outcomes: mapOutcomes(told.outcomes, (list) => list.filter((seen) => !isTaking(seen))),
      };
    },
  },
  {
    name: 'failed-control-is-told',
    reason: 'In the original who asked heard nothing of a failure that the SFU put into words. [R25]',
    apply: (course, recording) => {
      const [{ at, conn } = { at: 0, conn: '' }] = sentMessages(recording, 'requestAiControl');
      const told = errorAt(at, 'ai_control_failed', 'Your audio could not be connected to the AI');
      return withOutcomes(course, (outcomes) => mapConnection(outcomes, conn, (list) => insert(list, told)));
    },
  },
  {
    name: 'leaver-releases-control',
    reason: 'In the original a user who had left went on holding the control of the AI. [R28]',
    apply: (course, recording) => {
      const [{ at } = { at: 0 }] = sentMessages(recording, 'userLeft');
      return withOutcomes(course, (outcomes) =>
        mapOutcomes(outcomes, (list) =>
          mapStates(list, at, Number.POSITIVE_INFINITY, (state) => {
            const { controllingUser: _, ...ai } = state.ai as Record<string, unknown>;
            return { ...state, ai };
          }),
        ),
      );
    },
  },
  {
    name: 'leaver-is-unpublished',
    reason: 'The original left to the page what a leaver had published; here the server closes it. [C11]',
    apply: (course, recording) => {
      const leavers = sentMessages(recording, 'userLeft').map(({ conn }) => `sess-${conn}`);
      const closed = leavers.flatMap((session) => closing(undefined, session, ''));
      return { ...course, requests: [...course.requests, ...closed] };
    },
  },
] as const satisfies readonly AiDifference[];

export type AiDifferenceName = (typeof AI_DIFFERENCES)[number]['name'];

const isFailure = (seen: Seen): boolean => JSON.stringify(stateOf(seen)?.ai ?? {}).includes('"error"');

function refuseSecond(course: Course, recording: Recording, code: string, text: string): Course {
  const [, { at, conn } = { at: 0, conn: '' }] = sentMessages(recording, 'requestAiControl');
  return withOutcomes(course, (outcomes) =>
    mapConnection(outcomes, conn, (list) => insert(list, errorAt(at, code, text))),
  );
}
