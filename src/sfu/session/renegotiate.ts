import type { Description } from '../api/api-schema.ts';
import type { Session } from './session.ts';

/** `PUT renegotiate`: the peer's answer to the offer of this side. */
export function renegotiate(
  session: Session,
  { sessionDescription }: { readonly sessionDescription: Description },
): object {
  session.negotiation.receiveAnswer(sessionDescription);
  session.publishAnswered();
  return {};
}
