import { formatUsdc, type Units } from '../money.ts';

/** What a wallet has to know for one classic payment. */
export type PaymentRequest = {
  destination: string;
  amount: Units | undefined;
  asset: { code: string; issuer: string };
  /** A number: MEMO_ID. */
  memo: string;
  message: string;
  /** Left out on the public network, which wallets assume. */
  passphrase: string | undefined;
};

/** SEP-7 allows no more than this before encoding. */
const messageCharactersMax = 300;

/** A `web+stellar:pay` link (SEP-7 2.1.0): wallets open it, or read it from a QR code, with everything filled in. */
export function paymentUri({ destination, amount, asset, memo, message, passphrase }: PaymentRequest): string {
  const parameters: [string, string | undefined][] = [
    ['destination', destination],
    ['amount', amount === undefined ? undefined : formatUsdc(amount)],
    ['asset_code', asset.code],
    ['asset_issuer', asset.issuer],
    ['memo', memo],
    ['memo_type', 'MEMO_ID'],
    ['msg', message.slice(0, messageCharactersMax)],
    ['network_passphrase', passphrase],
  ];
  // Not URLSearchParams: it writes a space as +, which wallets read as a plus.
  const given = parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encode(value)}`]));
  return `web+stellar:pay?${given.join('&')}`;
}

/** RFC 3986: what encodeURIComponent leaves and a strict parser may not expect is encoded too. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
