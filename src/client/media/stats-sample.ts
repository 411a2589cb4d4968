/** What the library reads of a peer connection's statistics. Counters since its beginning. */
export type StatsSample = {
  readonly bytesSent: number;
  readonly packetsSent: number;
  /** Of those sent, as the other side reports it. */
  readonly sentPacketsLost: number;
  /** By the id of the receiver's track. */
  readonly received: ReadonlyMap<string, ReceivedSample>;
};

export type ReceivedSample = {
  readonly bytes: number;
  readonly packets: number;
  readonly packetsLost: number;
};

type Report = Pick<RTCStatsReport, 'forEach'>;
type Entry = Readonly<Record<string, unknown>>;

const count = (entry: Entry, field: string): number => {
  const value = entry[field];
  return typeof value === 'number' ? value : 0;
};

/** Sums a report up; what a browser does not report counts as nothing. */
export function readStats(report: Report): StatsSample {
  let [bytesSent, packetsSent, sentPacketsLost] = [0, 0, 0];
  const received = new Map<string, ReceivedSample>();
  report.forEach((entry: Entry) => {
    if (entry['type'] === 'outbound-rtp') {
      bytesSent += count(entry, 'bytesSent');
      packetsSent += count(entry, 'packetsSent');
    } else if (entry['type'] === 'remote-inbound-rtp') {
      sentPacketsLost += count(entry, 'packetsLost');
    } else if (entry['type'] === 'inbound-rtp' && typeof entry['trackIdentifier'] === 'string') {
      received.set(entry['trackIdentifier'], {
        bytes: count(entry, 'bytesReceived'),
        packets: count(entry, 'packetsReceived'),
        packetsLost: count(entry, 'packetsLost'),
      });
    }
  });
  return { bytesSent, packetsSent, sentPacketsLost, received };
}
