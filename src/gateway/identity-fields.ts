/**
 * Fields by which a client could pass as someone else, or its request as another: who it is, where it came from, what it
 * asks. Names are folded, as field rules fold them. An upstream that was set up behind another proxy believes that proxy's
 * fields, so those of the usual ones are here, whether or not any of them stands before this gateway.
 */
const names = new Set([
  'forwarded',
  'forwarded-for',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-originating-ip',
  'x-proxyuser-ip',
  'x-nf-client-connection-ip',
  'x-appengine-user-ip',
  'true-client-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'proxy-client-ip',
  'http-client-ip',
  'client-ip',
  'auth-user',
  'remote-user',
  'remote-name',
  'remote-email',
  'remote-groups',
  'x-account-id',
  'account-id',
  'x-consumer-id',
  'x-consumer-custom-id',
  'x-consumer-username',
  'x-consumer-groups',
  'x-anonymous-consumer',
  'x-credential-identifier',
  'x-arr-clientcert',
  'x-host',
  'x-http-host-override',
  'x-original-url',
  'x-original-uri',
  'x-original-path',
  'x-original-host',
  'x-original-method',
  'x-original-proto',
  'x-original-forwarded-for',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  // A server of Next.js takes it for its own word that it has checked the request already.
  'x-middleware-subrequest',
  // CGI makes HTTP_PROXY of it, which many HTTP clients take for the operator's word on where their requests go.
  'proxy',
]);

const beginnings = [
  'x-forwarded-',
  'x-envoy-',
  'x-azure-client',
  'x-azure-socket',
  'cf-connecting-',
  'wl-proxy-',
  // Certificates of TLS clients: RFC 9440 wants its two removed by whoever ends the TLS, and each proxy has its own.
  'client-cert',
  'ssl-client-',
  'x-client-cert',
  'x-ssl-',
  'x-amzn-mtls-',
  // Who has logged in, as proxies before an upstream tell it.
  'x-remote-',
  'x-auth-request-',
  'x-authenticated-',
  'x-authentik-',
  'x-webauth-',
  'x-amzn-oidc-',
  'x-goog-authenticated-user-',
  'x-ms-client-principal',
  'x-pomerium-',
  'cf-access-authenticated-',
  'tailscale-user-',
];

export function isIdentity(name: string): boolean {
  return names.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}
