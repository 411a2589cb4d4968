import type { User } from '../protocol/messages.ts';
import type { ConnectionState } from './connection-state.ts';
import type { MediaState, RemoteTracks } from './media/media-state.ts';
import type { RoomClient } from './room-client.ts';

const STYLE = `
:host { display: grid; gap: 0.5rem; font: inherit; }
:host([hidden]) { display: none; }
ul { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 0.5rem; margin: 0; padding: 0; list-style: none; }
li { position: relative; display: grid; place-items: center; aspect-ratio: 16 / 9; overflow: hidden; border-radius: 0.5rem; background: #23272f; color: #fff; }
video { grid-area: 1 / 1; inline-size: 100%; block-size: 100%; object-fit: cover; }
span { position: absolute; inset: auto auto 0.5rem 0.5rem; padding: 0.1rem 0.5rem; border-radius: 1rem; background: rgb(0 0 0 / 0.6); }
p { margin: 0; }
div { display: flex; gap: 0.5rem; }
`;

const WORDS: Readonly<Record<ConnectionState['status'], string>> = {
  connecting: 'Connecting…',
  open: '',
  reconnecting: 'The connection is lost. Trying again…',
  gone: 'You are not in the room any more.',
};

type Actions = { readonly onMicrophone: () => void; readonly onCamera: () => void };

/** What the element shows. Elements of users stay, so that a picture does not begin anew with each state. */
export class RoomView {
  readonly #status = make('p', 'status');
  readonly #people = make('ul', 'people');
  readonly #microphone: HTMLButtonElement;
  readonly #camera: HTMLButtonElement;
  readonly #controls = make('div', 'controls');
  readonly #tiles = new Map<string, Tile>();

  constructor(root: ShadowRoot, { onMicrophone, onCamera }: Actions) {
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    // Not as an element: the content security policy of the page may not allow one.
    root.adoptedStyleSheets = [style];
    this.#status.setAttribute('role', 'status');
    this.#people.setAttribute('aria-label', 'People in this room');
    this.#microphone = button('Microphone', onMicrophone);
    this.#camera = button('Camera', onCamera);
    this.#controls.append(this.#microphone, this.#camera);
    root.append(this.#status, this.#people, this.#controls);
  }

  draw({ id, users, connection }: RoomClient, media: MediaState | undefined): void {
    setText(this.#status, WORDS[connection.status]);
    this.#controls.hidden = media === undefined;
    this.#microphone.ariaPressed = String(media?.microphone.isOn === true);
    this.#camera.ariaPressed = String(media?.camera.isOn === true);
    const here = users.filter(({ joined }) => joined);
    for (const [userId, tile] of this.#tiles) {
      if (here.some((user) => user.id === userId)) continue;
      tile.element.remove();
      this.#tiles.delete(userId);
    }
    for (const user of here) {
      const own: RemoteTracks = media?.camera.track === undefined ? {} : { video: media.camera.track };
      this.#tileOf(user.id).draw(user, user.id === id, user.id === id ? own : media?.others.get(user.id));
    }
  }

  #tileOf(userId: string): Tile {
    const known = this.#tiles.get(userId);
    if (known !== undefined) return known;
    const tile = new Tile();
    this.#tiles.set(userId, tile);
    this.#people.append(tile.element);
    return tile;
  }
}

class Tile {
  readonly element = make('li', 'person');
  readonly #name = make('span', 'name');
  readonly #video = document.createElement('video');
  readonly #stream = new MediaStream();

  constructor() {
    this.#video.autoplay = true;
    this.#video.playsInline = true;
    this.#video.srcObject = this.#stream;
    this.element.append(this.#video, this.#name);
  }

  draw(user: User, isSelf: boolean, tracks: RemoteTracks = {}): void {
    this.#video.muted = isSelf;
    setText(this.#name, `${user.name}${isSelf ? ' (you)' : ''}${user.raisedHand ? ' ✋' : ''}`);
    const wanted = [tracks.screenshare ?? tracks.video, tracks.audio].filter((track) => track !== undefined);
    for (const track of this.#stream.getTracks())
      if (!wanted.includes(track)) this.#stream.removeTrack(track);
    for (const track of wanted) this.#stream.addTrack(track);
  }
}

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  part: string,
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.setAttribute('part', part);
  return element;
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = text;
  element.addEventListener('click', onClick);
  return element;
}

/** A text that is set again is read out again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
