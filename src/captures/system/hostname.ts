import { parse } from '#grammars/hostname';
import { flatten } from '../../tables/interner.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';

class HostnameSink extends LineSink {
  found: string | undefined;
  machineId: string | undefined;
  bootId: string | undefined;

  /** hostnamectl's "Machine ID" and "Boot ID". */
  id(of: 'machineId' | 'bootId', text: string): void {
    this[of] ??= flatten(text);
    this.ignore();
  }

  name(text: string): void {
    if (this.found !== undefined) {
      this.ignore();
      return;
    }
    this.records += 1;
    this.found = flatten(text);
  }
}

/** `hostname`, /etc/hostname, `hostnamectl`; the first name counts. */
export const hostname: CaptureModule = {
  programs: 'hostname hostnamectl',
  precedence: 230,
  mask: usualMask,
  formats: [
    {
      kind: 'hostname',
      words: [{ words: 'hostname|hostnamectl|hostnames|hostnamefqdn' }],
      paths: [/(?:^|\/)proc\/sys\/kernel\/hostname$/, /(?:^|\/)etc\/hostname$/],
      nameDecides: 'always',
      scope: 'node',
      collect: 'hostname',
    },
  ],
  open: (input) =>
    grammarReader(input, new HostnameSink(input), parse, ({ found, machineId, bootId }) => ({
      ...(found === undefined ? {} : { hostname: found }),
      ...(machineId === undefined ? {} : { machineId }),
      ...(bootId === undefined ? {} : { bootId }),
    })),
  sniff: (head) => (/^\s*Static hostname: \S/m.test(head) ? 'hostname' : undefined),
};
