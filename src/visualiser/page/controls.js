import { byId, write } from './element.js';
import { counted } from './words.js';

/**
 * What the page knows beside the steps.
 * @typedef {object} Situation
 * @property {import('./feed.js').FeedStatus} connection
 * @property {boolean} isBack - the connection, since a moment ago
 * @property {boolean} isRunning - whether there is such a room now
 * @property {import('./player.js').Player | undefined} player - nothing before there has been such a room
 */

/** @type {Readonly<Record<Exclude<import('./feed.js').FeedStatus, 'open'>, string>>} */
const TROUBLES = {
  connecting: 'Connecting…',
  full: 'Too many people are looking on. Trying again…',
  locked: 'You are not logged in any more: log in on the page of all rooms.',
  lost: 'The connection is lost. Trying again…',
};

/** @param {Situation} situation */
export function statusText(situation) {
  if (situation.connection !== 'open') return TROUBLES[situation.connection];
  return situation.isBack ? `The connection is back. ${roomText(situation)}` : roomText(situation);
}

/** @param {Situation} situation */
export function roomText({ isRunning, player }) {
  if (isRunning) return player?.isPaused ? 'Paused: the room goes on.' : 'Live';
  return player === undefined
    ? 'There is no such room now. It is shown as soon as it begins.'
    : 'The room is over. This is its end, until a new one begins.';
}

/**
 * Where the reader is, in words.
 * @param {import('./player.js').Player} player
 */
export function placeText({ position, bounds: { first, last } }) {
  if (position === first) return last === first ? 'No step yet' : `Before the first of ${last - first}`;
  return `Step ${position.toLocaleString('en')} of ${last.toLocaleString('en')}`;
}

/** @param {Situation} situation */
export function drawControls({ player, isRunning }) {
  const { position = 0, ahead = 0, isPaused = false } = player ?? {};
  const isAtFirst = position === (player?.bounds.first ?? 0);
  write(byId('pause'), isPaused ? 'Resume' : 'Pause');
  disable('pause', player === undefined);
  disable('first', isAtFirst);
  disable('previous', isAtFirst);
  disable('next', ahead === 0);
  disable('last', player === undefined);
  byId('last').classList.toggle('on', player !== undefined && !isPaused && isRunning);
  write(byId('place'), player === undefined ? '' : placeText(player));
  byId('ahead').hidden = ahead === 0;
  write(byId('ahead'), counted(ahead, 'step ahead', 'steps ahead'));
}

/**
 * A button that is really disabled would lose the focus of who steps on with it.
 * @param {string} id
 * @param {boolean} isOff
 */
function disable(id, isOff) {
  byId(id).ariaDisabled = isOff ? 'true' : null;
}
