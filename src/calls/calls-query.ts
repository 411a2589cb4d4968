/**
 * The query of a request to the SFU.
 *
 * @param extraParams - added to every request (`API_EXTRA_PARAMS`)
 * @param correlationId - a label for the SFU's own records: the meeting
 */
export function callsQuery(extraParams: URLSearchParams, correlationId: string): URLSearchParams {
  const query = new URLSearchParams(extraParams);
  if (correlationId !== '') query.set('correlationId', correlationId);
  return query;
}
