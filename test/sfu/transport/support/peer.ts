import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { classes, Message, methods, parseMessage, type RtpHeader } from 'werift';
import { createDtlsCertificate } from '../../../../src/sfu/transport/dtls-certificate.ts';
import { packetKind } from '../../../../src/sfu/transport/packet-kind.ts';
import type {
  IceCredentials,
  LocalParameters,
  RemoteParameters,
} from '../../../../src/sfu/transport/session-transport.ts';
import { until } from '../../../support/until.ts';
import { LibraryDtls } from './library-dtls.ts';

export const peerCertificate = await createDtlsCertificate();
const CREDENTIALS: IceCredentials = { ufrag: 'peer', password: 'the-password-of-the-peer' };

export type CheckOptions = {
  readonly nominate?: boolean;
  readonly password?: string;
  readonly ufrag?: string;
  /** Says that it is controlled, as this side is too. */
  readonly controlled?: boolean;
};

/** The other end of a session, made of the library's parts: STUN, DTLS and SRTP on a UDP socket of 127.0.0.1. */
export class Peer {
  readonly received: Buffer[] = [];
  readonly responses: Message[] = [];
  readonly requests: Message[] = [];
  dtls: LibraryDtls | undefined;
  /** Whether it answers checks: what a lite peer does. */
  answersChecks = true;
  #socket: Socket;
  readonly #local: LocalParameters;
  #srtp: ReturnType<LibraryDtls['srtp']> | undefined;

  static async open(local: LocalParameters): Promise<Peer> {
    return new Peer(await bound(), local);
  }

  private constructor(socket: Socket, local: LocalParameters) {
    this.#socket = socket;
    this.#local = local;
    socket.on('message', (datagram) => this.#receive(datagram));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** What the peer's description says; `dtlsRole` is the role of the side that is tested. */
  parameters(dtlsRole: 'client' | 'server'): RemoteParameters {
    const candidate = { foundation: '1', protocol: 'udp', priority: 1, type: 'host' } as const;
    return {
      ice: CREDENTIALS,
      candidates: [{ ...candidate, address: '127.0.0.1', port: this.port }],
      fingerprint: peerCertificate.fingerprint,
      dtlsRole,
    };
  }

  /** Sends a connectivity check, as a browser does. */
  check({ nominate = true, password, ufrag, controlled = false }: CheckOptions = {}): void {
    const { ice } = this.#local;
    const request = new Message(methods.BINDING, classes.REQUEST);
    request.setAttribute('USERNAME', `${ufrag ?? ice.ufrag}:${CREDENTIALS.ufrag}`);
    request.setAttribute('PRIORITY', 1);
    request.setAttribute(controlled ? 'ICE-CONTROLLED' : 'ICE-CONTROLLING', 1n);
    if (nominate) request.setAttribute('USE-CANDIDATE', null);
    request.addMessageIntegrity(Buffer.from(password ?? ice.password)).addFingerprint();
    this.send(request.bytes);
  }

  /** Checks, and waits for the answer. */
  async checked(options: CheckOptions = {}): Promise<Message> {
    const before = this.responses.length;
    this.check(options);
    await until(() => this.responses.length > before);
    const response = this.responses[before];
    if (response === undefined) throw new Error('No answer');
    return response;
  }

  /** Goes on from another port, as after a change of networks. */
  async move(): Promise<void> {
    const before = this.#socket;
    this.#socket = await bound();
    this.#socket.on('message', (datagram) => this.#receive(datagram));
    await new Promise<void>((resolve) => void before.close(resolve));
  }

  /** Answers a check. */
  answer(request: Message | undefined, password = CREDENTIALS.password): void {
    const response = new Message(methods.BINDING, classes.RESPONSE, request?.transactionId);
    const local = this.#local.candidates[0];
    response.setAttribute('XOR-MAPPED-ADDRESS', ['127.0.0.1', local?.port ?? 0]);
    response.addMessageIntegrity(Buffer.from(password)).addFingerprint();
    this.send(response.bytes);
  }

  /** A new association in this role. */
  shakeHands(
    role: 'client' | 'server',
    profiles?: ConstructorParameters<typeof LibraryDtls>[3],
  ): LibraryDtls {
    this.dtls?.close();
    this.#srtp = undefined;
    this.dtls = new LibraryDtls(role, peerCertificate, (datagram) => this.send(datagram), profiles);
    this.dtls.start();
    return this.dtls;
  }

  sendRtp(packet: Buffer, header: RtpHeader): void {
    this.send(this.#keys().rtp.encrypt(packet.subarray(header.payloadOffset), header));
  }

  sendRtcp(compound: Buffer): void {
    this.send(this.#keys().rtcp.encrypt(compound));
  }

  send(datagram: Buffer): void {
    const candidate = this.#local.candidates.find(({ protocol }) => protocol === 'udp');
    this.#socket.send(datagram, candidate?.port ?? 0, '127.0.0.1');
  }

  async close(): Promise<void> {
    this.dtls?.close();
    await new Promise<void>((resolve) => void this.#socket.close(resolve));
  }

  #keys(): ReturnType<LibraryDtls['srtp']> {
    if (this.dtls === undefined) throw new Error('No association');
    this.#srtp ??= this.dtls.srtp();
    return this.#srtp;
  }

  #receive(datagram: Buffer): void {
    switch (packetKind(datagram)) {
      case 'stun':
        this.#receiveStun(datagram);
        return;
      case 'dtls':
        this.dtls?.receive(datagram);
        return;
      case 'rtp':
        this.received.push(this.#keys().rtp.decrypt(datagram));
        return;
      case 'rtcp':
        this.received.push(this.#keys().rtcp.decrypt(datagram));
        return;
      case 'other':
    }
  }

  #receiveStun(datagram: Buffer): void {
    const message = parseMessage(datagram);
    if (message === undefined) return;
    if (message.messageClass !== classes.REQUEST) {
      // An answer is signed with the password of the one who answers.
      if (parseMessage(datagram, Buffer.from(this.#local.ice.password))) this.responses.push(message);
      return;
    }
    if (parseMessage(datagram, Buffer.from(CREDENTIALS.password)) === undefined) return;
    this.requests.push(message);
    if (this.answersChecks) this.answer(message);
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
