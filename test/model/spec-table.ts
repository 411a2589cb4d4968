import type { Consequence } from './consequences.ts';
import type { EventType } from './moves.ts';
import type { WITH_PEOPLE, WITHOUT_PEOPLE } from './situations.ts';
import type { State } from './states.ts';
import { casesOf, type Case } from './table.check.ts';

/** For each event, the cases that the table names. */
type Words = {
  readonly [E in EventType]: {
    readonly [Case in keyof (typeof WITH_PEOPLE)[E] | keyof (typeof WITHOUT_PEOPLE)[E]]?: string;
  };
};

/**
 * How SPEC.md's table puts a case into words; `%` is what happens, as a rule. A case without an entry is one that the
 * text around the table tells of: strangers, unknown targets, what is the same already, who may release as a moderator.
 */
const WORDS: Words = {
  'room.restored': { users: '%', noUsers: 'without users: %' },
  'user.joined': { newcomer: '%', unused: '%', grace: '%' },
  'user.updated': { change: '%', unused: '%', grace: '%' },
  'user.left': { other: '%', controller: 'controller: %', last: 'last: %', unused: '%', grace: '%' },
  'user.mute': { speaking: '%', vague: '%', silent: '%', unused: '%', grace: '%' },
  'message.deliver': { toMember: '%', unused: '%', grace: '%' },
  'message.relay': { member: '%', unused: '%', grace: '%' },
  'ai.enable': { member: '%', afterFailure: '%', unused: '%', grace: '%' },
  'ai.disable': { member: '%', afterFailure: '% if there is a failure', unused: '%', grace: '%' },
  'ai.connect': { member: '%', unused: '%', grace: '%' },
  'ai.control.request': { other: '%', controller: 'controller: %', unused: '%', grace: '%' },
  'ai.control.release': { controller: '%', other: 'others: %', unused: '%', grace: '%' },
  'ai.ended': { upstream: '%', unused: '%', grace: '%' },
  'service done': { openVoice: '%', routeAudio: '%' },
  'service failed': {
    openVoice: '%',
    openVoiceNotConfigured: '%',
    openVoiceRefused: '%',
    routeAudio: '% (route)',
    routeAudioNotConnected: '% (route)',
    holdVoice: '% (hold)',
  },
  timeout: {
    emptyRoomGraceInGrace: '% grace',
    aiConnectTimeout: '%',
    aiRouteTimeout: '% (route)',
    aiSessionLimit: '% (limit)',
  },
};

/** The column's cells by event, as SPEC.md ought to have them. */
export function columnInWords(state: State): Readonly<Record<string, string>> {
  const cases = casesOf(state);
  const events = Object.keys(WORDS) as EventType[];
  return Object.fromEntries(
    events.map((event) => [event, cellInWords(cases.filter((each) => each.event === event))]),
  );
}

function cellInWords(cases: readonly Case[]): string {
  const claims = new Map<string, string>();
  for (const { state, event, name, expected } of cases) {
    const words = (WORDS[event] as Readonly<Record<string, string>>)[name];
    if (words === undefined || expected === 'absent') continue;
    const what = inWords(state, expected);
    const said = claims.get(words);
    // Cases that share their words must agree.
    claims.set(words, said === undefined || said === what ? what : `${said} or ${what}`);
  }
  const rule = claims.get('%') ?? '';
  const said = [...claims].filter(([words, what]) => words === '%' || what !== rule);
  // Of a call that is held alone nothing else could fail.
  const only = said.length === 1 && said[0]?.[0] === '% (hold)';
  return said
    .map(([words, what]) => (only ? what : words.replace('%', what === '' && words !== '%' ? 'none' : what)))
    .filter((claim) => claim !== '')
    .join(', ');
}

function inWords(from: State, { to, changes, effects = [] }: Consequence): string {
  if (to !== undefined) return `→ ${nameOf(from, to)}`;
  const refusal = effects.find(({ type }) => type === 'request.refused');
  if (refusal?.type === 'request.refused') return `✗ \`${refusal.code}\``;
  return effects.length > 0 || changes !== undefined ? '·' : '';
}

/** A state within a state is named alone where one comes from beside it. */
function nameOf(from: State, to: State): string {
  const [outer = '', inner] = to.split('.');
  return inner !== undefined && from.startsWith(`${outer}.`) ? inner : outer;
}

/** The table of SPEC.md: by state, then by event. */
export function readSpecTable(markdown: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const section = markdown.split('### States × events')[1]?.split('\n#')[0] ?? '';
  const [head = [], , ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const columns = head.slice(1).map((state, index) => {
    const cells = rows.map((row) => [(row[0] ?? '').replaceAll('`', ''), row[index + 1] ?? '']);
    return [state, Object.fromEntries(cells) as Record<string, string>] as const;
  });
  return Object.fromEntries(columns);
}
