import { Announcer } from './announcer.js';
import { ContextView } from './context.js';
import { drawControls, placeText, roomText, statusText } from './controls.js';
import { Drawing, fetchDrawing } from './drawing.js';
import { byId, write } from './element.js';
import { Feed } from './feed.js';
import { History } from './history.js';
import { listenToKeys } from './keys.js';
import { Log } from './log.js';
import { Player } from './player.js';
import { saveAs } from './save-as.js';
import { StepView } from './step.js';
import { eventText, outcomeText, stateText } from './words.js';

/** How long it is said that the connection is back. */
const BACK_MS = 5_000;

/** Of one frame: a burst would set the whole drawing alight. */
const MAX_FLASHES = 20;

const base = location.pathname.replace(/\/$/, '');
const room = decodeURIComponent(base.split('/')[2] ?? '');
const names = /** @type {HTMLInputElement} */ (byId('names'));
const download = /** @type {HTMLAnchorElement} */ (byId('download'));

/** @type {History | undefined} */
let history;
/** @type {Player | undefined} */
let player;
/** @type {Drawing | undefined} */
let drawing;
/** @type {import('./feed.js').FeedStatus} */
let connection = 'connecting';
let isRunning = false;
let isBack = false;
const situation = () => ({ connection, isBack, isRunning, player });
let withNames = false;
let shownState = '';
/** The last step that has been drawn as it came. */
let drawn = 0;
let forgotten = 0;
let frame = 0;

const announcer = new Announcer(byId('announcer'));
const context = new ContextView(byId('context'));
const stepView = new StepView(byId('step'));
const log = new Log(byId('log'), byId('rows'), {
  go: (position) => act(() => player?.go(position)),
  move: (steps) => act(() => player?.move(steps)),
});

document.title = `${room} · live · Satsuma`;
write(byId('room'), room);

/** However much comes in between, the page is drawn once a frame. */
function redraw() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    draw();
  });
}

function draw() {
  write(byId('status'), statusText(situation()));
  document.body.classList.toggle('lost', connection !== 'open' && connection !== 'connecting');
  document.body.classList.toggle('over', !isRunning);
  drawControls(situation());
  drawDownload();
  if (history === undefined || player === undefined) return;
  const { position, isPaused } = player;
  const step = history.step(position);
  const { value } = history.at(position);
  const state = stateText(value);
  byId('state').hidden = false;
  write(byId('state'), isRunning || isPaused ? state : `${state}, at the end`);
  drawing?.show(value, step?.transitions ?? []);
  if (!isPaused) flashUntil(history, position);
  log.show(position, isPaused, forgotten);
  forgotten = 0;
  write(
    byId('step-title'),
    step === undefined ? 'Before the first step' : `Step ${step.seq}: ${eventText(step)}`,
  );
  stepView.show(step);
  context.show(history, position);
  if (!isPaused && state !== shownState) announcer.say(stateSentence(state, step));
  shownState = state;
}

/** What was taken since the frame before, and is no longer the latest. */
function flashUntil(/** @type {History} */ seen, /** @type {number} */ position) {
  for (let seq = Math.max(drawn + 1, position - MAX_FLASHES); seq < position; seq += 1)
    drawing?.flash(seen.step(seq)?.transitions ?? []);
  drawn = position;
}

/**
 * @param {string} state
 * @param {import('../trace.ts').TraceStep | undefined} step
 */
const stateSentence = (state, step) =>
  step === undefined ? `The room is ${state}.` : `The room is ${state}, after ${eventText(step)}.`;

function drawDownload() {
  if (history === undefined) download.removeAttribute('href');
  else download.href = withNames ? `${base}/trace?names=shown` : `${base}/trace`;
}

/** Something that the reader does. */
function act(/** @type {() => void} */ move) {
  if (player === undefined || history === undefined) return;
  move();
  if (!player.isPaused) log.follow();
  const step = history.step(player.position);
  const { value } = history.at(player.position);
  const what = step === undefined ? '' : ` ${eventText(step)}, ${outcomeText(step)}.`;
  const mode = player.isPaused ? '' : 'Live. ';
  announcer.say(`${mode}${placeText(player)}:${what} The room is ${stateText(value)}.`);
  shownState = stateText(value);
  redraw();
}

const actions = {
  pause: () => act(() => (player?.isPaused ? player.resume() : player?.pause())),
  first: () => act(() => player?.first()),
  previous: () => act(() => player?.move(-1)),
  next: () => act(() => player?.move(1)),
  last: () => act(() => player?.resume()),
};
for (const [id, action] of Object.entries(actions)) byId(id).addEventListener('click', action);
listenToKeys(
  {
    p: actions.pause,
    ' ': actions.pause,
    ArrowLeft: actions.previous,
    ArrowRight: actions.next,
    Home: actions.first,
    End: actions.last,
  },
  () => /** @type {HTMLInputElement} */ (byId('letters')).checked,
);

const feed = new Feed(`${base}/events`, {
  onState: (state, areNamesShown) => {
    isRunning = state.start !== null;
    if (state.start === null) {
      announcer.say(roomText(situation()));
      return redraw();
    }
    const later = new History(state.start, state.steps);
    const isSame = history?.isContinuedBy(later) ?? false;
    if (player === undefined) player = new Player(later);
    else player.replace(later, isSame);
    if (!isSame) {
      drawn = later.last;
      shownState = '';
    }
    history = later;
    withNames = areNamesShown;
    log.replace(later, withNames);
    redraw();
  },
  onSteps: (steps) => {
    if (history === undefined || player === undefined) return;
    history.add(steps);
    forgotten += history.trim(player.position);
    redraw();
  },
  onStatus: (status) => {
    isBack = status === 'open' && connection !== 'open' && connection !== 'connecting';
    if (isBack) setTimeout(() => ((isBack = false), redraw()), BACK_MS);
    const isNews = status !== connection && !(connection === 'connecting' && status === 'open');
    connection = status;
    if (isNews) announcer.say(statusText(situation()));
    redraw();
  },
});

names.checked = false;
names.addEventListener('change', () => feed.showNames(names.checked));
download.addEventListener('click', (event) => {
  // The server has forgotten a room that is over; this page has not.
  if (isRunning || history === undefined) return;
  event.preventDefault();
  saveAs('trace.json', `${JSON.stringify(history.toTrace(room))}\n`);
});

try {
  drawing = new Drawing(byId('drawing'), await fetchDrawing('/machines/room.svg'));
  byId('zoom-in').addEventListener('click', () => drawing?.zoom(1));
  byId('zoom-out').addEventListener('click', () => drawing?.zoom(-1));
  byId('fit').addEventListener('click', () => drawing?.fit());
  redraw();
} catch {
  write(byId('drawing'), 'The drawing could not be loaded. Reload the page to try again.');
}
