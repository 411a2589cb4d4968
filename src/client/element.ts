import { RoomView } from './element-view.ts';
import type { RoomMedia } from './media/room-media.ts';
import { RoomClient } from './room-client.ts';

/** In a page of another program there may be no element class at all: the module must load there too. */
const Base = (typeof HTMLElement === 'undefined' ? Object : HTMLElement) as typeof HTMLElement;

/**
 * A room for pages without a framework: `<satsuma-room room="daily">`, with `server` and `token` for pages of other
 * origins, `microphone` and `camera` for what is on from the beginning, and `media="off"` for presence alone. It is in the
 * room while it is in the page. `client` and `media` are there for everything else; the events of the client are fired on it
 * as `satsuma-<type>`. Parts to be styled: `status`, `people`, `person`, `name`, `controls`.
 */
export class SatsumaRoom extends Base {
  static readonly observedAttributes = ['room', 'server', 'token'];
  #client: RoomClient | undefined = undefined;
  #media: RoomMedia | undefined = undefined;
  #view: RoomView | undefined = undefined;

  get client(): RoomClient | undefined {
    return this.#client;
  }

  /** Nothing while it is being opened, where it is off, and where the server could not be asked. */
  get media(): RoomMedia | undefined {
    return this.#media;
  }

  connectedCallback(): void {
    this.#view ??= new RoomView(this.attachShadow({ mode: 'open' }), {
      onMicrophone: () => this.#media?.microphone.toggle(),
      onCamera: () => this.#media?.camera.toggle(),
    });
    this.#enter();
  }

  disconnectedCallback(): void {
    this.#leave();
  }

  attributeChangedCallback(): void {
    if (!this.isConnected || this.#view === undefined) return;
    this.#leave();
    this.#enter();
  }

  #enter(): void {
    const room = this.getAttribute('room');
    if (room === null || room === '') return;
    const [server, token] = [this.getAttribute('server'), this.getAttribute('token')];
    const client = new RoomClient({
      room,
      ...(server !== null && { server }),
      ...(token !== null && { token }),
    });
    this.#client = client;
    client.subscribe(() => this.#draw());
    for (const type of ['connection', 'join', 'leave', 'muted', 'directMessage', 'error'] as const) {
      client.on(type, (detail) => void this.dispatchEvent(new CustomEvent(`satsuma-${type}`, { detail })));
    }
    this.#draw();
    if (this.getAttribute('media') !== 'off') void this.#openMedia(client);
  }

  #leave(): void {
    this.#media?.close();
    this.#media = undefined;
    this.#client?.leave();
    this.#client = undefined;
  }

  async #openMedia(client: RoomClient): Promise<void> {
    try {
      const { RoomMedia } = await import('./media/room-media.ts');
      const media = await RoomMedia.open(client);
      if (this.#client !== client) {
        media.close();
        return;
      }
      this.#media = media;
      media.subscribe(() => this.#draw());
      if (this.hasAttribute('microphone')) media.microphone.start();
      if (this.hasAttribute('camera')) media.camera.start();
      this.#draw();
    } catch (error) {
      this.dispatchEvent(new CustomEvent('satsuma-mediafailure', { detail: error }));
    }
  }

  #draw(): void {
    if (this.#client !== undefined) this.#view?.draw(this.#client, this.#media?.getSnapshot());
  }
}

if (typeof customElements !== 'undefined' && customElements.get('satsuma-room') === undefined) {
  customElements.define('satsuma-room', SatsumaRoom);
}

declare global {
  interface HTMLElementTagNameMap {
    'satsuma-room': SatsumaRoom;
  }
}
