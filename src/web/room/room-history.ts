import { useEffect, useRef } from 'react';
import type { RoomClient } from '../../client/index.ts';

type Entry = { readonly at: string; readonly event: string; readonly detail: unknown };

/** Enough for the minutes before a report; the server takes a megabyte. */
const MAX_ENTRIES = 200;

/** What has happened in the room while the page was there, for whoever looks into a report. */
export function useRoomHistory(client: RoomClient): () => readonly Entry[] {
  const entries = useRef<Entry[]>([]);
  useEffect(() => {
    const note =
      (event: string) =>
      (detail: unknown): void => {
        entries.current.push({ at: new Date().toISOString(), event, detail });
        if (entries.current.length > MAX_ENTRIES) entries.current.shift();
      };
    const subscriptions = [
      client.on('connection', note('connection')),
      client.on('join', note('join')),
      client.on('leave', note('leave')),
      client.on('error', note('error')),
    ];
    return () => {
      for (const unsubscribe of subscriptions) unsubscribe();
    };
  }, [client]);
  return () => entries.current;
}
