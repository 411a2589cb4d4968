import {
  RTCPeerConnection,
  RTP_EXTENSION_URI,
  RtpHeader,
  RtpPacket,
  useAudioLevelIndication,
  useOPUS,
  type RTCRtpTransceiver,
} from 'werift';
import type { HeardPacket } from './ear.ts';
import type { SpokenPacket } from './mouth.ts';

const LOOPBACK = '127.0.0.1';

/** Who is told what happens to a call's peer; the end is told once. */
export type PeerListener = {
  onConnected(): void;
  onPacket(packet: HeardPacket): void;
  /** The peer said goodbye, or has not been heard for so long that ICE gives it up (RFC 7675: 30 s). */
  onGone(): void;
};

/**
 * A call's end of the connection: full ICE on loopback alone, DTLS and SRTP, all of it werift's. It costs more per packet than
 * the SFU's own transport, and a call is a hundred packets a second at most.
 */
export class CallPeer {
  readonly #connection: RTCPeerConnection;
  readonly #transceiver: RTCRtpTransceiver;
  readonly answerSdp: string;

  private constructor(connection: RTCPeerConnection, transceiver: RTCRtpTransceiver, answerSdp: string) {
    this.#connection = connection;
    this.#transceiver = transceiver;
    this.answerSdp = answerSdp;
  }

  /** Answers an offer that has been looked at; rejects when werift does not understand it. */
  static async answer(offerSdp: string, listener: PeerListener): Promise<CallPeer> {
    const connection = new RTCPeerConnection({
      codecs: { audio: [useOPUS()], video: [] },
      headerExtensions: { audio: [useAudioLevelIndication()], video: [] },
      iceServers: [],
      // Only what is named: no other address of the machine, and the socket bound to it.
      iceUseIpv4: false,
      iceUseIpv6: false,
      iceAdditionalHostAddresses: [LOOPBACK],
      iceInterfaceAddresses: { udp4: LOOPBACK },
      bundlePolicy: 'max-bundle',
    });
    try {
      const transceiver = connection.addTransceiver('audio', { direction: 'sendrecv' });
      await connection.setRemoteDescription({ type: 'offer', sdp: offerSdp });
      listen(connection, transceiver, listener);
      await connection.setLocalDescription(await connection.createAnswer());
      const sdp = connection.localDescription?.sdp;
      if (sdp === undefined) throw new Error('werift has no answer');
      return new CallPeer(connection, transceiver, sdp);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** Best effort, as UDP is: before there are keys, and after the end, it is lost. */
  send({ sequenceNumber, timestamp, marker, payload }: SpokenPacket): void {
    const header = new RtpHeader({ sequenceNumber, timestamp, marker });
    this.#transceiver.sender.sendRtp(new RtpPacket(header, payload)).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function listen(
  connection: RTCPeerConnection,
  { dtlsTransport, headerExtensions }: RTCRtpTransceiver,
  listener: PeerListener,
): void {
  const levelId = headerExtensions.find(({ uri }) => uri === RTP_EXTENSION_URI.audioLevelIndication)?.id;
  // Not by the track: that knows only the SSRCs that the offer announces.
  dtlsTransport.onRtp.subscribe(({ header, payload }) => {
    const level = header.extensions.find(({ id }) => id === levelId)?.payload[0];
    listener.onPacket({
      timestamp: header.timestamp,
      payload,
      // The highest bit says whether it is voice, where the sender looks at that.
      audioLevel: level === undefined ? undefined : level & 0x7f,
    });
  });
  let isGone = false;
  const gone = (): void => {
    if (isGone) return;
    isGone = true;
    listener.onGone();
  };
  dtlsTransport.onStateChange.subscribe((state) => {
    if (state === 'connected') listener.onConnected();
    if (state === 'closed' || state === 'failed') gone();
  });
  connection.connectionStateChange.subscribe((state) => {
    if (state === 'failed' || state === 'closed' || state === 'disconnected') gone();
  });
}
