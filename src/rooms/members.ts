import type { LeaveReason } from '../../machines/room.events.ts';
import type { Role } from '../identity/authorize.ts';
import type { User } from '../protocol/messages.ts';
import type { StoredParticipant } from '../store/store.ts';
import type { Attendance } from './attendance.ts';
import type { Connection } from './connection.ts';
import { IdOwners } from './id-owners.ts';

/** Who comes with a connection, as the gateway has made sure of. */
export type Claim = {
  /** The connection id (`_pk`). */
  readonly userId: string;
  readonly name: string;
  /** Stable name of the login behind the connection; not shown to anyone. */
  readonly owner: string;
  readonly role: Role;
};

export type MemberSettings = {
  /** How long a user without a socket stays, so that a reconnect is no leave. */
  readonly reconnectGraceMs: number;
  /** How long a user with a silent socket stays. */
  readonly heartbeatTimeoutMs: number;
  readonly maxUsersPerRoom: number;
};

/** One participant: it may be without a connection for a while, and change connections. */
type Member = {
  readonly id: string;
  readonly owner: string;
  readonly role: Role;
  connection: Connection | null;
  /** When it was last heard, or, without a connection, when that went away. */
  since: number;
  /** How long it may stay without a connection. */
  awayMs: number;
};

/** Ids remembered per room for each user it may hold. */
const REMEMBERED_IDS_PER_PLACE = 4;

/** By which connection each user of a room takes part, who owns which id, and who has been silent for too long. */
export class Members {
  readonly #members = new Map<string, Member>();
  /** The owners of ids whose users have left; those of the others are with them. */
  readonly #departed: IdOwners;
  readonly #settings: MemberSettings;
  readonly #room: string;
  readonly #attendance: Attendance;

  constructor(settings: MemberSettings, room: string, attendance: Attendance) {
    this.#settings = settings;
    this.#room = room;
    this.#attendance = attendance;
    this.#departed = new IdOwners(settings.maxUsersPerRoom * REMEMBERED_IDS_PER_PLACE);
  }

  get size(): number {
    return this.#members.size;
  }

  /** Why `claim` may not take part now, if so. */
  refusal(claim: Claim): 'id_taken' | 'room_full' | undefined {
    const member = this.#members.get(claim.userId);
    if (member !== undefined) return member.owner === claim.owner ? undefined : 'id_taken';
    if (!this.#departed.mayClaim(claim.userId, claim.owner)) return 'id_taken';
    return this.#members.size >= this.#settings.maxUsersPerRoom ? 'room_full' : undefined;
  }

  /** Lets a connection speak for its user; says whether the user was here and by which connection until then. */
  attach(
    connection: Connection,
    claim: Claim,
    now: number,
  ): { readonly wasHere: boolean; readonly older: Connection | null } {
    const member = this.#members.get(claim.userId);
    if (member === undefined) {
      const { userId: id, owner, role } = claim;
      this.#enter({ id, owner, role, connection, since: now, awayMs: 0 });
      return { wasHere: false, older: null };
    }
    const older = member.connection;
    member.connection = connection;
    member.since = now;
    return { wasHere: true, older };
  }

  /**
   * Takes up users as an earlier process left them, without connections. Nobody knows when their sockets went: they
   * count as silent from now on, which also gives partysocket, whose tries are up to 10 s apart, time to come back.
   */
  restore(participants: readonly StoredParticipant[], now: number): void {
    const awayMs = this.#settings.heartbeatTimeoutMs;
    for (const { id, owner, role } of participants) {
      this.#enter({ id, owner, role, connection: null, since: now, awayMs });
    }
  }

  /** What is to be stored of a user who is here. */
  stored(user: User): StoredParticipant {
    const member = this.#members.get(user.id);
    return {
      id: user.id,
      owner: member?.owner ?? '',
      role: member?.role ?? 'member',
      user,
      lastSeenAt: member?.since ?? 0,
    };
  }

  /** The user a connection speaks for: nobody once the user has left, or has a newer connection. */
  of(connection: Connection): Readonly<Member> | undefined {
    const member = this.#members.get(connection.userId);
    return member?.connection === connection ? member : undefined;
  }

  /** As {@link of}, and notes that the user was heard. */
  heard(connection: Connection, now: number): Readonly<Member> | undefined {
    const member = this.#members.get(connection.userId);
    if (member?.connection !== connection) return undefined;
    member.since = now;
    return member;
  }

  /** What the user of an id may do, if there is one. */
  roleOf(id: string): Role | undefined {
    return this.#members.get(id)?.role;
  }

  ownerOf(id: string): string | undefined {
    return this.#members.get(id)?.owner;
  }

  connectionOf(id: string): Connection | null {
    return this.#members.get(id)?.connection ?? null;
  }

  /** The socket is gone. A connection that was replaced changes nothing. */
  detach(connection: Connection, now: number): void {
    const member = this.#members.get(connection.userId);
    if (member?.connection !== connection) return;
    member.connection = null;
    member.since = now;
    member.awayMs = this.#settings.reconnectGraceMs;
  }

  remove(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    this.#attendance.leave(member.owner, this.#room, id);
    this.#departed.note(id, member.owner);
  }

  #enter(member: Member): void {
    this.#members.set(member.id, member);
    this.#attendance.enter(member.owner, this.#room, member.id);
  }

  /** Nobody could be heard for so long: the process stood still, or the clock was set. */
  forgive(ms: number): void {
    for (const member of this.#members.values()) member.since += ms;
  }

  /** Users whose time is over, in the order in which they came. Removing them while iterating is fine. */
  *expired(now: number): Generator<{ readonly id: string; readonly reason: LeaveReason }> {
    for (const { id, connection, since, awayMs } of this.#members.values()) {
      const elapsedMs = now - since;
      if (connection === null) {
        if (elapsedMs >= awayMs) yield { id, reason: 'dropped' };
      } else if (elapsedMs >= this.#settings.heartbeatTimeoutMs) {
        yield { id, reason: 'timedOut' };
      }
    }
  }

  connections(): readonly Connection[] {
    return [...this.#members.values()].flatMap(({ connection }) => connection ?? []);
  }

  /** Takes everybody out; gives the connections there were. */
  clear(): readonly Connection[] {
    const connections = this.connections();
    for (const { id, owner } of this.#members.values()) this.#attendance.leave(owner, this.#room, id);
    this.#members.clear();
    return connections;
  }
}
