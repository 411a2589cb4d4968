import type { AiFailure } from '../../machines/room.context.ts';
import type { ErrorCode } from '../../src/errors.ts';
import {
  become,
  NO_AI,
  refuse,
  type Answer,
  type Rule,
  type SpecAi,
  type SpecEvent,
  type SpecState,
} from './spec-state.ts';

const withAi = (state: SpecState, ai: SpecAi): Answer => become({ ...state, ai });
const failed = (state: SpecState, failure: AiFailure | null): Answer =>
  withAi(state, { phase: 'none', failure });

/** [R15] [R16] */
export const enable: Rule<'ai.enable'> = (state, event) => {
  const { type: _, ...invitation } = event;
  return state.ai.phase === 'none' ? withAi(state, { phase: 'connecting', invitation }) : become(state);
};

/** [R32] */
export const connect: Rule<'ai.connect'> = (state, { by, offer }) =>
  'session' in state.ai
    ? become(state, { type: 'ai.connection.requested', by, session: state.ai.session, offer })
    : refuse(state, by, 'ai_not_active');

/** [R23] [R26] [R29] */
export const request: Rule<'ai.control.request'> = (state, { by, track }) => {
  const { ai } = state;
  if (!('session' in ai)) return refuse(state, by, 'ai_not_active');
  if (ai.phase === 'free') return withAi(state, { phase: 'granting', session: ai.session, by, track });
  if (ai.by === by) return become(state);
  return refuse(state, by, ai.phase === 'held' ? 'ai_control_held' : 'ai_control_pending');
};

/** [R27] [R29] */
export const release: Rule<'ai.control.release'> = (state, { by, asModerator }) => {
  const { ai } = state;
  if (!('session' in ai)) return refuse(state, by, 'ai_not_active');
  return 'by' in ai && (ai.by === by || asModerator)
    ? withAi(state, { phase: 'free', session: ai.session })
    : refuse(state, by, 'ai_control_not_yours');
};

/** [R25] */
function routeFailed(state: SpecState, code: ErrorCode): Answer {
  const { ai } = state;
  if (ai.phase !== 'granting') return become(state);
  const told = code === 'ai_not_connected' ? code : 'ai_control_failed';
  return refuse({ ...state, ai: { phase: 'free', session: ai.session } }, ai.by, told);
}

/** Reasons that a call which did not open may give; every other failure is like any fault of the upstream. [R18] */
const OWN_REASONS: ReadonlySet<unknown> = new Set(['not_configured', 'refused']);

const heldBy = ({ session, by }: Extract<SpecAi, { phase: 'granting' }>): SpecAi => ({
  phase: 'held',
  session,
  by,
});

/** What happens without anybody's asking. [R14] [R17] [R18] [R19] [R21] [R22] [R24] [R25] */
export function happen(state: SpecState, event: SpecEvent): Answer {
  const { ai } = state;
  const connecting = ai.phase === 'connecting';
  const present = 'session' in ai;
  switch (event.type) {
    case 'call.opened':
      return connecting ? withAi(state, { phase: 'free', session: event.session }) : become(state);
    case 'call.failed':
      return connecting
        ? failed(state, OWN_REASONS.has(event.failure) ? event.failure : 'unavailable')
        : become(state);
    case 'time.connect':
      return connecting ? failed(state, 'timed_out') : become(state);
    case 'ai.ended':
    case 'call.ended':
    case 'call.lost':
      return present ? failed(state, 'ended') : become(state);
    case 'time.limit':
      return present ? failed(state, null) : become(state);
    case 'route.done':
      return ai.phase === 'granting' ? withAi(state, heldBy(ai)) : become(state);
    case 'route.failed':
      return routeFailed(state, event.code);
    case 'time.route':
      return routeFailed(state, 'ai_control_failed');
    case 'time.grace':
      return state.meeting === null || state.people.length > 0
        ? become(state)
        : become({ ...state, meeting: null }, { type: 'meeting.ended', meetingId: state.meeting });
    default:
      return become(state);
  }
}

/** [R20] */
export const disable: Rule<'ai.disable'> = (state) => withAi(state, NO_AI);
