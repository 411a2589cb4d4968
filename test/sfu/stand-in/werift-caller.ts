import { onTestFinished } from 'vitest';
import {
  RTCPeerConnection,
  RtpHeader,
  RtpPacket,
  useAudioLevelIndication,
  useOPUS,
  type RTCRtpTransceiver,
} from 'werift';

const LOOPBACK = '127.0.0.1';

/** What a caller received, in the order of its coming. */
export type Received = {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: string;
};

/** A peer that calls the stand-in, as the SFU does; it ends with the test. */
export class WeriftCaller {
  readonly received: Received[] = [];
  readonly #connection: RTCPeerConnection;
  readonly #transceiver: RTCRtpTransceiver;
  #sequenceNumber = 65_530;

  private constructor(connection: RTCPeerConnection, transceiver: RTCRtpTransceiver) {
    this.#connection = connection;
    this.#transceiver = transceiver;
    transceiver.dtlsTransport.onRtp.subscribe(({ header, payload }) => {
      const { ssrc, sequenceNumber, timestamp, marker } = header;
      this.received.push({ ssrc, sequenceNumber, timestamp, marker, payload: payload.toString('hex') });
    });
  }

  static async create(options: { dataChannel?: boolean } = {}): Promise<WeriftCaller> {
    const connection = new RTCPeerConnection({
      codecs: { audio: [useOPUS()], video: [] },
      headerExtensions: { audio: [useAudioLevelIndication()], video: [] },
      iceServers: [],
      iceUseIpv4: false,
      iceUseIpv6: false,
      iceAdditionalHostAddresses: [LOOPBACK],
      iceInterfaceAddresses: { udp4: LOOPBACK },
      bundlePolicy: 'max-bundle',
    });
    onTestFinished(() => connection.close());
    const transceiver = connection.addTransceiver('audio', { direction: 'sendrecv' });
    if (options.dataChannel === true) connection.createDataChannel('oai-events');
    await connection.setLocalDescription(await connection.createOffer());
    return new WeriftCaller(connection, transceiver);
  }

  get offer(): string {
    return this.#connection.localDescription?.sdp ?? '';
  }

  get isConnected(): boolean {
    return this.#transceiver.dtlsTransport.state === 'connected';
  }

  get isDataChannelOpen(): boolean {
    return this.#connection.sctpTransport?.dataChannels['1']?.readyState === 'open';
  }

  async take(answerSdp: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answerSdp });
  }

  /** The extension's number is the offer's own: werift counts them from 1. */
  async speak(payload: Buffer, timestamp: number, audioLevel: number): Promise<void> {
    const header = new RtpHeader({
      sequenceNumber: this.#sequenceNumber,
      timestamp,
      extensions: [{ id: 1, payload: Buffer.from([audioLevel]) }],
    });
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    await this.#transceiver.sender.sendRtp(new RtpPacket(header, payload));
  }

  /** As a peer that goes: werift does not say so itself (close_notify, RFC 5246, section 7.2.1). */
  async sayGoodbye(): Promise<void> {
    const alert = Buffer.from('15fefd000000000000ffff00020100', 'hex');
    await this.#transceiver.dtlsTransport.iceTransport.connection.send(alert);
  }
}
