import type { Path } from './path.ts';
import {
  ATTRIBUTE,
  encodeErrorCode,
  encodeStun,
  encodeXorAddress,
  STUN,
  type StunAttribute,
  type StunMessage,
} from './stun-message.ts';

/** What came of a peer's connectivity check. */
export type CheckOutcome = {
  readonly response: Buffer;
  /** Whether the way it came on is one that works. */
  readonly accepted: boolean;
  /** Whether the peer wants this way to be used. */
  readonly nominated: boolean;
};

/**
 * Answers a check that has been found to know the password (RFC 8445, section 7.3). `role` is this side's. An agent that is lite
 * is controlled, and one that is not speaks to peers that are: so in a conflict it is always the peer that is told to change.
 */
export function answerCheck(
  message: StunMessage,
  path: Path,
  password: string,
  role: 'controlled' | 'controlling',
): CheckOutcome {
  const { transactionId, attributes, unknownRequired } = message;
  const refuse = (details: readonly StunAttribute[]): CheckOutcome => ({
    response: encodeStun(STUN.bindingError, transactionId, details, password),
    accepted: false,
    nominated: false,
  });
  if (unknownRequired.length > 0) {
    return refuse([
      [ATTRIBUTE.errorCode, encodeErrorCode(420, 'Unknown Attribute')],
      [ATTRIBUTE.unknownAttributes, encodeTypes(unknownRequired)],
    ]);
  }
  if (attributes.has(ATTRIBUTE[role])) {
    return refuse([[ATTRIBUTE.errorCode, encodeErrorCode(487, 'Role Conflict')]]);
  }
  const mapped = encodeXorAddress({ address: path.remoteAddress, port: path.remotePort }, transactionId);
  return {
    response: encodeStun(
      STUN.bindingSuccess,
      transactionId,
      [[ATTRIBUTE.xorMappedAddress, mapped]],
      password,
    ),
    accepted: true,
    nominated: attributes.has(ATTRIBUTE.useCandidate),
  };
}

function encodeTypes(types: readonly number[]): Buffer {
  const value = Buffer.alloc(2 * types.length);
  for (const [at, type] of types.entries()) value.writeUInt16BE(type, 2 * at);
  return value;
}
