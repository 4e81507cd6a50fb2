import { readBearer } from '../access/bearer.ts';
import type { Rate } from '../catalog/model.ts';
import { GatewayError } from '../errors.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { formatUsdc, parseUsdc, type Units } from '../money.ts';
import type { ClassicPaymentRow } from '../store/classic-payments.ts';
import { type CredentialDeps, requireReader } from './credentials.ts';
import { paymentUri } from './payment-uri.ts';
import { qrCode } from './qr-code.ts';
import { type ChainFacts, depositView } from './service.ts';
import { throttle } from './throttle.ts';

/** How to pay in: the vault's terms for everyone, and for the holder of a token the way from a wallet or an exchange. */
export type DepositDeps = CredentialDeps & {
  chain: () => ChainFacts;
  classic?: ClassicOffer | undefined;
};

/** The operator's deposit account. */
export type ClassicOffer = {
  address: string;
  asset: { code: string; issuer: string };
  min: Units;
  /** The number that stands for this account in a memo, written down from now on; undefined when it has none. */
  numberOf(account: string): string | undefined;
  /** The last payments of this account, newest first. */
  paymentsOf(account: string, limit: number): ClassicPaymentRow[];
};

export type ClassicView = {
  address: string;
  memo_type: 'id';
  memo: string;
  alias: string;
  memo_required: true;
  asset_code: string;
  asset_issuer: string;
  min: string;
  amount: string | null;
  /** SEP-7 link for wallets. */
  sep7: string;
  /** The same as a QR code: an SVG document. */
  qr: string;
  how: string;
  /** The account's last payments and how far each has come, newest first. */
  payments: SeenPayment[];
};

export type SeenPayment = {
  operation: string;
  time: string;
  amount: string;
  /** `due` and `sent` are on the way into the vault, `forwarded` is there, `below_min` and `closed` are not moved. */
  state: string;
  tx_hash: string;
  forward_tx_hash: string | null;
};

/** Drawing a QR code takes the event loop 5 to 10 ms; a page that waits for a payment asks every few seconds. */
const payInRate: Rate = { perSecond: 2, burst: 40 };

/** Enough to find a payment that was just made. */
const paymentsShown = 10;

export async function depositDetails(
  deps: DepositDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  query: URLSearchParams,
): Promise<unknown> {
  const terms = depositView(deps.config(), deps.chain());
  const bearer = readBearer(rawHeaders);
  if (!bearer.ok && bearer.reason === 'token_missing') return terms;
  const { account } = await requireReader(deps, rawHeaders);
  throttle(deps.limiter, `pays in ${account}`, payInRate);
  return { ...terms, account, classic: deps.classic ? classicView(deps, deps.classic, account, query) : null };
}

function classicView(
  deps: Pick<DepositDeps, 'config'>,
  { address, asset, min, numberOf, paymentsOf }: ClassicOffer,
  account: string,
  query: URLSearchParams,
): ClassicView | null {
  const amount = readAmount(query, min);
  const memo = numberOf(account);
  if (memo === undefined) return null;
  const { stellar, gateway } = deps.config();
  const sep7 = paymentUri({
    destination: address,
    amount,
    asset,
    memo,
    message: `Prepaid balance at ${new URL(gateway.publicUrl).host}`,
    passphrase: stellar.network === 'public' ? undefined : stellar.passphrase,
  });
  return {
    address,
    memo_type: 'id',
    memo,
    alias: memo,
    memo_required: true,
    asset_code: asset.code,
    asset_issuer: asset.issuer,
    min: formatUsdc(min),
    amount: amount === undefined ? null : formatUsdc(amount),
    sep7,
    qr: qrCode(sep7),
    how: howToPay(asset.code, formatUsdc(min)),
    payments: paymentsOf(account, paymentsShown).map(seenPayment),
  };
}

function seenPayment(row: ClassicPaymentRow): SeenPayment {
  return {
    operation: row.operationId,
    time: new Date(row.closedAtMs).toISOString(),
    amount: formatUsdc(row.amount),
    state: row.state,
    tx_hash: row.txHash,
    forward_tx_hash: row.forwardTxHash ?? null,
  };
}

/** People read this before they send money that nobody can send back for them. */
function howToPay(code: string, min: string): string {
  return [
    `Send at least ${min} ${code} of exactly this issuer to the address, with the memo as MEMO_ID.`,
    'The memo is required: it says whose balance the payment is for.',
    'Without it, or with another, the payment waits until the operator has assigned it by hand.',
    `Less than ${min} ${code} is not moved, and no other asset is credited.`,
    'The balance rises when the payment has been moved into the vault, usually within half a minute.',
  ].join(' ');
}

function readAmount(query: URLSearchParams, min: Units): Units | undefined {
  const text = query.get('amount');
  if (text === null) return undefined;
  const amount = parseUsdc(text);
  if (amount !== undefined && amount >= min) return amount;
  throw new GatewayError('bad_parameter', `amount must be USDC such as "5.25", ${formatUsdc(min)} or more`);
}
