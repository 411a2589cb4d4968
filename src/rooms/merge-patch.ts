type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/**
 * The fields in which two records differ, as a JSON Merge Patch (RFC 7396): `null` stands for a field that is gone. Nothing,
 * if they are the same.
 */
export function mergePatch(before: Json, after: Json): Json | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys({ ...before, ...after })) {
    const [old, value] = [before[key], after[key]];
    if (old === value) continue;
    if (isObject(old) && isObject(value)) {
      const inner = mergePatch(old, value);
      if (inner !== undefined) patch[key] = inner;
    } else patch[key] = value ?? null;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}
