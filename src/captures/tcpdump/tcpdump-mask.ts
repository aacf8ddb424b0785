import { MASKED, withoutSecrets } from '../masking/known-secrets.ts';
import type { FormatMask } from '../masking/masked-lines.ts';

/** A row of -x or -X: `	0x0010:  0a00 0001 ...  ....`. */
const DUMP_ROW = /^(\s*0x[0-9a-f]{4}:\s).*$/;

/** What packets carry is nobody's business: passwords go over the wire in plain. Of a dump's rows the offset stays. */
export const tcpdumpMask = (): FormatMask => ({
  mask: (line) => (DUMP_ROW.test(line) ? line.replace(DUMP_ROW, `$1${MASKED}`) : withoutSecrets(line)),
});
