/** What a client meets when a provider is slow, fails, lies behind, or loses an answer on its way back. */
export type Fault =
  /** The connection is closed before the request is looked at. */
  | { kind: 'refuse' }
  /** The request is looked at later. */
  | { kind: 'delay'; delayMs: number }
  /** The request takes effect, but the connection is closed instead of an answer. */
  | { kind: 'drop-reply-after-apply' }
  /** The request is not looked at; JSON-RPC answers this error, Horizon 500. */
  | { kind: 'error'; message: string; code?: number }
  /** The request is not looked at; this answer comes from something before the server, in whatever form. */
  | { kind: 'http'; status: number; headers?: Readonly<Record<string, string>>; body?: string }
  /** The request takes effect; the connection closes after so many bytes of the answer's body, or of a stream. */
  | { kind: 'cut'; afterBytes: number }
  /** The server is so many ledgers behind; what is sent to it reaches the network all the same. */
  | { kind: 'lag'; ledgers: number }
  /** The server belongs to another network: it names this passphrase and checks signatures by it. */
  | { kind: 'passphrase'; passphrase: string };
