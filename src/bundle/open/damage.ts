/** Bytes that are not what their format promises. Thrown after everything before the damage has been delivered. */
export class Damage extends Error {
  readonly reason: 'truncated' | 'corrupt';

  constructor(reason: Damage['reason'], detail: string) {
    super(detail);
    this.name = 'Damage';
    this.reason = reason;
  }
}

/** More came out than the limits allow. `scope` tells whether only this member or the whole reading ends. */
export class LimitReached extends Error {
  readonly scope: 'member' | 'archive' | 'bundle';

  constructor(scope: LimitReached['scope'], detail: string) {
    super(detail);
    this.name = 'LimitReached';
    this.scope = scope;
  }
}
