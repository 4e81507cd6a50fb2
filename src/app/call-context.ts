import { type ContextSigner, createContextSigner } from '../access/call-context.ts';
import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { deriveSeed } from '../stellar/seeds.ts';

/** The signer of contexts for upstreams, with a key derived from the gateway's identity: still one file to keep. */
export function createCallContext({ gateway }: Pick<Config, 'gateway'>, clock: Clock): ContextSigner {
  const secret = deriveSeed(gateway.identitySecret, 'upstream context');
  return createContextSigner({ secret, issuer: gateway.publicUrl, clock });
}
