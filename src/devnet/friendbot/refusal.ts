/** Why friendbot gives nothing: to this one, to such an address, or because the transaction did not go through. */
export type RefusalKind = 'funded' | 'address' | 'failed';

export class FriendbotRefusal extends Error {
  override readonly name = 'FriendbotRefusal';
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
