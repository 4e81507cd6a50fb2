import { Operation, type xdr } from '@stellar/stellar-sdk/base';
import { deriveSeed } from './seeds.ts';

/**
 * The account whose sequence number a lane's envelopes use: of lane 0 the operator's own, of any other a channel account, so
 * that each lane has its envelope under way. Its key follows from the operator's; it signs nothing but the place in its own
 * sequence, and holds nothing but its reserve: the operator pays all fees.
 */
export function channelSecret(operatorSecret: string, lane: number): string {
  return lane === 0 ? operatorSecret : deriveSeed(operatorSecret, `settlement lane ${lane}`);
}

/** XLM that a channel account gets once: twice the reserve of an account, in case that is raised. */
const startingXlm = '2';

export function makeChannelOperation(address: string): xdr.Operation {
  return Operation.createAccount({ destination: address, startingBalance: startingXlm });
}
