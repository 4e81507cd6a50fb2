import { readFileSync, statSync } from 'node:fs';
import { CliError } from './exit-codes.ts';
import { reasonOf } from './gateway-client.ts';

/** A document of a server that takes longer is fetched with other tools, and read from a file. */
const fetchMs = 20_000;

/** The text of a file, or of an http(s) URL, within a bound of bytes. */
export async function readDocument(place: string, bytesMax: number): Promise<string> {
  const bytes = /^https?:\/\//i.test(place) ? await fetchBytes(place, bytesMax) : readBytes(place, bytesMax);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CliError('usage', `${place} is not UTF-8 text`, undefined, { cause: error });
  }
}

function readBytes(file: string, bytesMax: number): Uint8Array {
  try {
    if (statSync(file).size > bytesMax) throw tooLarge(file, bytesMax);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(file) ? 'Only files and http(s) URLs are read.' : undefined;
    throw new CliError('usage', `${file} cannot be read: ${reasonOf(error)}`, scheme, { cause: error });
  }
}

async function fetchBytes(url: string, bytesMax: number): Promise<Uint8Array> {
  if (!URL.canParse(url)) throw new CliError('usage', `${url} is no URL`);
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json, application/yaml, text/yaml;q=0.9, */*;q=0.5' },
      signal: AbortSignal.timeout(fetchMs),
    });
    if (!response.ok) throw new CliError('unreachable', `${url} answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(url, bytesMax);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('unreachable', `${url} could not be fetched: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

function tooLarge(place: string, bytesMax: number): CliError {
  return new CliError('usage', `${place} is larger than ${bytesMax / 1024 / 1024} MiB`);
}
