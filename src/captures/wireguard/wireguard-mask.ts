import { MASKED, withoutSecrets } from '../masking/known-secrets.ts';
import type { FormatMask } from '../masking/masked-lines.ts';

const KEY = '[A-Za-z0-9+/]{42,43}=';
/** `wg show all dump`: of a device the private key comes first, of a peer the preshared one second. */
const DUMPED_DEVICE = new RegExp(
  `^((?:\\S{1,15}\\t)?)${KEY}(\\t(?:${KEY}|\\(none\\))\\t\\d+\\t(?:off|0x[0-9a-f]+)\\s*)$`,
);
const DUMPED_PEER = new RegExp(
  `^((?:\\S{1,15}\\t)?${KEY}\\t)(?:${KEY}|(\\(none\\)))(\\t[^\\t]*\\t[^\\t]*\\t\\d+\\t\\d+\\t\\d+\\t\\w+\\s*)$`,
);
/** What stands in a secret key's place already. */
const HIDDEN = /^\s*(?:private|preshared) key: \((?:hidden|none)\)\s*$/;

/** Public keys say who is who, and stay. */
export const wireguardMask = (): FormatMask => ({
  mask(line) {
    if (HIDDEN.test(line)) return line;
    if (DUMPED_DEVICE.test(line)) return line.replace(DUMPED_DEVICE, `$1${MASKED}$2`);
    if (DUMPED_PEER.test(line))
      return line.replace(
        DUMPED_PEER,
        (_, before: string, none: string | undefined, after: string) => `${before}${none ?? MASKED}${after}`,
      );
    return withoutSecrets(line);
  },
});
