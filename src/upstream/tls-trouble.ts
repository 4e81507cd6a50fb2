/** What keeps TLS with an upstream from working, in words that name the remedy: OpenSSL's own name lines of its source. */
export function tlsTrouble(error: Error): string {
  const code = codeOf(error);
  const known = remedies.get(code);
  if (known) return known;
  if (untrusted.has(code)) {
    return `its certificate comes from no CA that is trusted for it (${error.message}); tls.ca_file of the API names others`;
  }
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
}

const noTls = 'it speaks no TLS at this port: is its URL one of http:?';
const wantsCertificate =
  'it ended the handshake, as servers do that want a certificate: tls.cert_file and tls.key_file of the API';

const remedies = new Map([
  ['ERR_SSL_WRONG_VERSION_NUMBER', noTls],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', noTls],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', wantsCertificate],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', wantsCertificate],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', wantsCertificate],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'it does not speak HTTP/1.1'],
]);

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The code of one of Node's own errors. */
export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
