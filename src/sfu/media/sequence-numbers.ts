/** How far `a` is ahead of `b` on the circle of 16 bits: −32,768 to 32,767 (RFC 1982). */
export const ahead16 = (a: number, b: number): number => ((a - b) << 16) >> 16;

/** How far `a` is ahead of `b` on the circle of 32 bits. */
export const ahead32 = (a: number, b: number): number => (a - b) | 0;

/**
 * The index that a sequence number stands for: the one next to `near` of all integers with these low 16 bits. Indices never
 * wrap, so what works with them needs no modular arithmetic.
 */
export const unwrap16 = (sequenceNumber: number, near: number): number =>
  near + ahead16(sequenceNumber, near & 0xffff);
