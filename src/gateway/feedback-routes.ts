import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { bugReportCard, deadTrackCard, type Occasion } from '../feedback/google-chat.ts';
import { siteOrigin, traceLinks } from '../feedback/links.ts';
import type { Outbox } from '../feedback/outbox.ts';
import { bugReportSchema, callFeedbackSchema, deadTrackSchema, readable } from '../feedback/reports.ts';
import type { Authorize } from '../identity/authorize.ts';
import type { Identifier, Identity } from '../identity/identify.ts';
import type { FeedbackStore } from '../store/store.ts';
import { jsonResponse, redirect, textResponse } from './http-response.ts';
import { readFields, readJson } from './request-body.ts';
import { RequestLimits } from '../request-limits.ts';
import type { Handler, Methods, Request } from './request.ts';
import { addressGroup } from './trusted-proxies.ts';
import { staticFile } from './static-files.ts';

export type FeedbackDeps = {
  readonly identifier: Pick<Identifier, 'identify'>;
  readonly authorize: Authorize;
  readonly store: Pick<FeedbackStore, 'readReport' | 'saveCallFeedback' | 'saveRefresh'>;
  /** Nothing without `FEEDBACK_URL`. */
  readonly outbox: Pick<Outbox, 'add'> | undefined;
  /** `TRACE_LINK`. */
  readonly traceLink: string;
  /** The version of this server. */
  readonly version: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  /** Unguessable, another one each time. */
  readonly newId: () => string;
  /** Shows a page to people with a name, and asks the others for one. */
  readonly forNamed: (page: Handler) => Handler;
};

/** Of each kind. A page reports every dead track by itself, and they die together. */
const PER_LOGIN = { burst: 10, refillMs: 10_000 };
/** An office behind one address. */
const PER_ADDRESS = { burst: 50, refillMs: 2_000 };

/** The history of a long call. */
const MAX_REPORT_BYTES = 1024 * 1024;

const OK = jsonResponse(200, { status: 'ok' });
const NOT_CONFIGURED = textResponse(404, 'not found');
const NO_REPORT = textResponse(404, '404: Report not found');

const web = (file: string): Handler => staticFile(new URL(`../web/${file}`, import.meta.url));

/** What users say of their calls, with the paths and answers of the original. */
export function feedbackRoutes(deps: FeedbackDeps): Readonly<Record<string, Methods>> {
  const admit = admission(deps);
  if (deps.outbox === undefined) deps.log.info('feedback is off: there is no FEEDBACK_URL');
  return {
    '/api/bugReport': { POST: { handle: postBugReport(deps, admit), maxBodyBytes: MAX_REPORT_BYTES } },
    '/api/deadTrack': { POST: { handle: postDeadTrack(deps, admit) } },
    '/api/debugInfo': { GET: { handle: getDebugInfo(deps) } },
    '/api/reportRefresh': { POST: { handle: postRefresh(deps, admit) } },
    '/call-quality-feedback': {
      GET: { handle: deps.forNamed(web('call-quality-feedback.html')) },
      POST: { handle: postCallFeedback(deps, admit) },
    },
    '/assets/call-quality-feedback.js': { GET: { handle: web('call-quality-feedback.js') } },
  };
}

/** Lets a login in that has not said too much; throws the refusal. */
type Admit = (request: Request) => Promise<Identity>;

function admission({ identifier, authorize, clock }: FeedbackDeps): Admit {
  const logins = new RequestLimits(PER_LOGIN, clock);
  const addresses = new RequestLimits(PER_ADDRESS, clock);
  return async (request) => {
    const identity = await identify(identifier, request);
    if (!authorize(identity.role, 'sendFeedback')) throw new AppError('not_allowed');
    const { path, forwarding } = request;
    const allowed =
      addresses.take(`${path} ${addressGroup(forwarding.address)}`) &&
      logins.take(`${path} ${identity.owner}`);
    if (!allowed) throw new AppError('too_many_requests');
    return identity;
  };
}

async function identify(
  identifier: FeedbackDeps['identifier'],
  { header, query }: Request,
): Promise<Identity> {
  const identity = await identifier.identify({ header, token: query.get('token') ?? '' });
  if (identity === undefined) throw new AppError('unauthorized');
  return identity;
}

const occasionOf = ({ clock, version }: FeedbackDeps, { forwarding }: Request): Occasion => ({
  now: clock.now(),
  host: forwarding.host,
  origin: siteOrigin(forwarding),
  version,
});

/** `POST /api/bugReport`: keeps what the page has seen of the room, and tells of it with a link to that. */
function postBugReport(deps: FeedbackDeps, admit: Admit): Handler {
  return async (request) => {
    if (deps.outbox === undefined) return NOT_CONFIGURED;
    const { name, owner } = await admit(request);
    const { description, info } = await readFields(request, bugReportSchema);
    const id = deps.newId();
    const userAgent = request.header('user-agent');
    const input = { name, description, userAgent, roomName: info.roomName, reportId: id };
    const report = { id, owner, createdAt: deps.clock.now(), historyJson: info.roomHistory };
    await deps.outbox.add(bugReportCard(input, occasionOf(deps, request)), report);
    return OK;
  };
}

const isForm = (request: Request): boolean =>
  /^(?:application\/x-www-form-urlencoded|multipart\/form-data)/.test(request.header('content-type'));

/** `POST /api/deadTrack`: a track that was pulled and brings nothing. The original's page sends JSON as text/plain. */
function postDeadTrack(deps: FeedbackDeps, admit: Admit): Handler {
  const traceLink = traceLinks(deps.traceLink);
  return async (request) => {
    if (deps.outbox === undefined) return NOT_CONFIGURED;
    const { name } = await admit(request);
    const read = isForm(request) ? readFields : readJson;
    const { trackId, pushingUser, pullSessionTrace, pushedSessionTrace } = await read(
      request,
      deadTrackSchema,
    );
    const traces = { pullTrace: pullSessionTrace, pushTrace: pushedSessionTrace };
    const input = { puller: name, pusher: pushingUser, trackId, ...traces };
    await deps.outbox.add(deadTrackCard(input, occasionOf(deps, request), traceLink));
    return OK;
  };
}

/** `GET /api/debugInfo?id=`: for the reporter and for admins; to others there is no such report. */
function getDebugInfo({ identifier, authorize, store, outbox }: FeedbackDeps): Handler {
  return async (request) => {
    if (outbox === undefined) return NO_REPORT;
    const { role, owner } = await identify(identifier, request);
    const id = request.query.get('id') ?? '';
    if (id === '') return textResponse(400, 'missing id param');
    const report = await store.readReport(id);
    if (report === undefined) return NO_REPORT;
    if (!authorize(role, 'readReport', report.owner === owner ? 'own' : 'others')) return NO_REPORT;
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    return { status: 200, headers, body: readable(report.historyJson) };
  };
}

/** `POST /api/reportRefresh`: a page was loaded again in the middle of a call. */
function postRefresh({ store, version }: FeedbackDeps, admit: Admit): Handler {
  return async (request) => {
    await admit(request);
    await store.saveRefresh(version);
    return { status: 201, headers: { 'cache-control': 'no-store' }, body: '' };
  };
}

/** `POST /call-quality-feedback`: one answer after a call. */
function postCallFeedback({ store, version }: FeedbackDeps, admit: Admit): Handler {
  return async (request) => {
    await admit(request);
    const { meetingId, experiencedIssues } = await readFields(request, callFeedbackSchema);
    if (!(await store.saveCallFeedback(meetingId, experiencedIssues, version)))
      throw new AppError('not_found');
    return redirect('/');
  };
}
