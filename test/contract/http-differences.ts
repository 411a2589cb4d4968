import { FEEDBACK_DIFFERENCES } from './http-differences-feedback.ts';
import { PROXY_DIFFERENCES } from './http-differences-proxy.ts';
import { SITE_DIFFERENCES } from './http-differences-site.ts';

/** Every intended difference between the original's HTTP side and this server's. */
export const HTTP_DIFFERENCES = [...PROXY_DIFFERENCES, ...SITE_DIFFERENCES, ...FEEDBACK_DIFFERENCES] as const;

export type HttpDifferenceName = (typeof HTTP_DIFFERENCES)[number]['name'];
