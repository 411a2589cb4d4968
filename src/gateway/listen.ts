import {
  us_listen_socket_close,
  us_socket_local_port,
  type TemplatedApp,
  type us_listen_socket,
} from './uws.ts';
import * as uws from './uws.ts';

/** A port that is being listened on. */
export type Listening = {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** Takes no more connections; those that are there stay. */
  readonly stop: () => void;
};

/** A port cannot be listened on. */
export class ListenError extends Error {
  constructor(host: string, port: number) {
    super(`Cannot listen on ${host}:${port}: the address is not this machine's, or the port is in use`);
    this.name = 'ListenError';
  }
}

/**
 * Listens on a port that nobody else uses: uWS shares a port between processes unless told otherwise, and then two
 * servers would each have half of every room.
 */
export function listen(app: TemplatedApp, host: string, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const taken = (socket: us_listen_socket | false): void => {
      if (socket === false || socket === null) {
        reject(new ListenError(host, port));
        return;
      }
      let open = true;
      resolve({
        port: us_socket_local_port(socket),
        stop: () => {
          if (open) us_listen_socket_close(socket);
          open = false;
        },
      });
    };
    // The published types lack this form and the constant; both are in the binary and its documentation.
    const { LIBUS_LISTEN_EXCLUSIVE_PORT } = uws as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: number };
    const exclusively = app.listen.bind(app) as unknown as (
      host: string,
      port: number,
      options: number,
      callback: (socket: us_listen_socket | false) => void,
    ) => void;
    exclusively(host, port, LIBUS_LISTEN_EXCLUSIVE_PORT, taken);
  });
}
