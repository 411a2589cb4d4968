import { jsonResponse } from './http-response.ts';
import type { Methods, Router } from './request.ts';

/** `/livez` and `/readyz`, the same on the public and on the admin port. */
export function healthRoutes(unreadyReason: () => string | undefined): Readonly<Record<string, Methods>> {
  return {
    '/livez': { GET: { handle: () => jsonResponse(200, { status: 'ok' }) } },
    '/readyz': {
      GET: {
        handle: () => {
          const reason = unreadyReason();
          return reason === undefined
            ? jsonResponse(200, { status: 'ok' })
            : jsonResponse(503, { status: 'unready', reason });
        },
      },
    },
  };
}

/** Routes by exact path. */
export const exactly =
  (routes: Readonly<Record<string, Methods>>): Router =>
  (path) =>
    Object.hasOwn(routes, path) ? routes[path] : undefined;

/** The first that has the path. */
export const firstOf =
  (...routers: readonly Router[]): Router =>
  (path) => {
    for (const router of routers) {
      const methods = router(path);
      if (methods !== undefined) return methods;
    }
    return undefined;
  };
