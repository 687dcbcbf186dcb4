/** The sentences of a schema's fields. */
import { z } from 'zod';

/** Also of the fields of its objects, `whitening.ddof`, and of the shorthand `clipRange` where both clips are. */
export function documentationOf(schema: z.ZodType): Readonly<Record<string, string>> {
  const sentences: Record<string, string> = {};
  for (const [name, field] of Object.entries(objectIn(schema)?.shape ?? {})) {
    sentences[name] = (field as z.ZodType).description ?? '';
    for (const [inner, nested] of Object.entries(objectIn(field as z.ZodType)?.shape ?? {})) {
      sentences[`${name}.${inner}`] = (nested as z.ZodType).description ?? '';
    }
  }
  if (sentences.clipLow && sentences.clipHigh)
    sentences[clipRange] = 'Stands for clipLow and clipHigh at once.';
  return sentences;
}

/** Not a field, but two at once. */
export const clipRange = 'clipRange';

/** The object behind null, a missing value, and what cannot be changed. */
function objectIn(schema: z.ZodType): z.ZodObject | null {
  if (schema instanceof z.ZodObject) return schema;
  const wraps =
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodExactOptional;
  return wraps ? objectIn(schema.unwrap() as z.ZodType) : null;
}
