/** A WebSocket whose server is the test. The class keeps its instances, in the order of the attempts. */
export class ScriptedSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 3;
  readonly url: string;
  readonly sent: Record<string, unknown>[] = [];
  readyState = ScriptedSocket.CONNECTING;
  binaryType = 'blob';
  closedWith: readonly unknown[] | undefined = undefined;

  constructor(url: string) {
    super();
    this.url = url;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(...close: readonly unknown[]): void {
    this.closedWith = close;
    this.readyState = ScriptedSocket.CLOSED;
  }

  /** The types of what was sent, and forgets it. */
  takeTypes(): unknown[] {
    return this.sent.splice(0).map(({ type }) => type);
  }

  /** The server accepts the connection. */
  open(): void {
    this.readyState = ScriptedSocket.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  /** The server sends something. */
  say(frame: unknown): void {
    const data = typeof frame === 'string' ? frame : JSON.stringify(frame);
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** The server, or the network, ends the connection. */
  end(code: number, reason: string): void {
    this.readyState = ScriptedSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
}

/** A class of its own for one client, with the sockets that it made. */
export function scriptedSockets(): { Socket: typeof ScriptedSocket; sockets: ScriptedSocket[] } {
  const sockets: ScriptedSocket[] = [];
  class Socket extends ScriptedSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  }
  return { Socket, sockets };
}
