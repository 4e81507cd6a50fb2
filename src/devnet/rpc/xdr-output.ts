/** XDR in answers: base64, or the JSON of SEP-51 where the request asks for it. */
import { isObject, RpcError } from './json-rpc.ts';

type XdrType = { fromXdr(bytes: Uint8Array): { toJson(): unknown } };

/** Fields that are named and written as the request wants them; lists of nothing are left out. */
export type Output = {
  readonly json: boolean;
  one(type: XdrType, bytes: Uint8Array): unknown;
  all(type: XdrType, values: readonly Uint8Array[]): unknown[];
  /** `name` is base64's; JSON's is the same with `Json` at its end in place of `Xdr`, or `jsonName`. */
  field(name: string, type: XdrType, bytes: Uint8Array, jsonName?: string): Record<string, unknown>;
  fields(name: string, type: XdrType, values: readonly Uint8Array[]): Record<string, unknown>;
  /** Lists in a list, of which those inside may be empty. */
  nested(name: string, type: XdrType, values: readonly (readonly Uint8Array[])[]): Record<string, unknown>;
};

/** What is wrong with the parameter `xdrFormat`; undefined when it is one of the formats, or empty for base64. */
export function formatProblem(format: string): string | undefined {
  if (['', 'base64', 'json'].includes(format)) return undefined;
  return `got '${format}': expected base64, json for optional 'xdrFormat'`;
}

/** Throws RpcError when the format is none. */
export function outputOf(format: string): Output {
  const problem = formatProblem(format);
  if (problem) throw new RpcError('invalidParams', problem);
  const json = format === 'json';
  const one: Output['one'] = (type, bytes) => (json ? asServersWrite(type.fromXdr(bytes).toJson()) : toBase64(bytes));
  const all: Output['all'] = (type, values) => values.map((value) => one(type, value));
  const named = (name: string, value: unknown, jsonName?: string) => ({
    [json ? (jsonName ?? `${name.replace(/Xdr$/, '')}Json`) : name]: value,
  });
  const unlessEmpty = (name: string, values: unknown[]) => (values.length === 0 ? {} : named(name, values));
  return {
    json,
    one,
    all,
    field: (name, type, bytes, jsonName) => named(name, one(type, bytes), jsonName),
    fields: (name, type, values) => unlessEmpty(name, all(type, values)),
    nested: (name, type, values) =>
      unlessEmpty(
        name,
        values.map((inner) => all(type, inner)),
      ),
  };
}

/**
 * The real server is written in a language that reserves the word `type`, and its JSON has `type_` wherever XDR names a
 * field so. No name of a user's is ever a key of this JSON.
 */
function asServersWrite(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(asServersWrite);
  if (!isObject(json)) return json;
  const renamed = Object.entries(json).map(([key, value]) => [key === 'type' ? 'type_' : key, asServersWrite(value)]);
  return Object.fromEntries(renamed);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Undefined when the text is not base64 as its encoder writes it. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}
