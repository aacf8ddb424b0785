import { withoutSecrets } from '../masking/known-secrets.ts';
import type { FormatMask } from '../masking/masked-lines.ts';

/** A row of /proc/net/tcp6: IPv6 addresses in 32 digits, which are no keys (get_tcp6_sock). */
const PROC_ROW = /^\s*\d+: (?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} /;

export const socketsMask = (): FormatMask => ({ mask: (line) => (PROC_ROW.test(line) ? line : withoutSecrets(line)) });
