/**
 * W3C Trace Context, as a proxy that takes no part in traces handles it: a valid `traceparent` passes unchanged with its
 * `tracestate`, and what no tracer could read does not reach the upstream. None is made up: an id that nobody records
 * would only point nowhere.
 */

const dash = 0x2d;
/** `00-` trace id `-` parent id `-` flags. */
const lengthOfVersion0 = 55;

export function isTraceparent(value: string): boolean {
  if (value.length < lengthOfVersion0) return false;
  // A later version may say more behind a further dash; ff is no version.
  if (value.length > lengthOfVersion0 && (value.startsWith('00') || value.charCodeAt(lengthOfVersion0) !== dash)) {
    return false;
  }
  const wellFormed =
    value.charCodeAt(2) === dash &&
    value.charCodeAt(35) === dash &&
    value.charCodeAt(52) === dash &&
    isHex(value, 0, 2) &&
    isHex(value, 3, 35) &&
    isHex(value, 36, 52) &&
    isHex(value, 53, lengthOfVersion0);
  return wellFormed && !value.startsWith('ff') && !isZero(value, 3, 35) && !isZero(value, 36, 52);
}

/** Lower-case digits only, as the grammar has them. */
function isHex(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false;
  }
  return true;
}

function isZero(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) !== 48) return false;
  return true;
}
