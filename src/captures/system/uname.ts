import { parse } from '#grammars/uname';
import type { KernelVersion } from '../../records/host.ts';
import { flatten } from '../../tables/interner.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';

/** Machine words of uname(2) that stand before `GNU/Linux` or last; the version text before them may hold anything. */
const MACHINE =
  /\s(x86_64|i[3-6]86|aarch64|arm64|armv\d\w*|ppc64(?:le)?|s390x|riscv64|loongarch64|mips\w*)(?=\s|$)(?!.*\s(?:#\d))/;

class KernelSink extends LineSink {
  found: KernelVersion | undefined;

  kernel(release: string, hostname: string | undefined, rest: string): void {
    if (this.found) {
      this.ignore();
      return;
    }
    this.records += 1;
    this.found = {
      source: this.source(),
      release: flatten(release),
      hostname: hostname === undefined ? undefined : flatten(hostname),
      machine: MACHINE.exec(rest)?.[1],
    };
  }
}

/** `uname -a`, `uname -r`, /proc/version; the first line that tells the release counts. */
export const uname: CaptureModule = {
  programs: 'uname',
  precedence: 220,
  mask: usualMask,
  formats: [
    {
      kind: 'uname',
      words: [{ words: 'uname' }],
      firstLine: /^Linux \S+ \d+\.\d+\S* #\d/,
      nameDecides: 'always',
      scope: 'node',
      collect: 'uname -a',
    },
  ],
  open: (input) => grammarReader(input, new KernelSink(input), parse, ({ found }) => (found ? { kernel: found } : {})),
  sniff: (head) => (/^Linux (?:\S+|version) \d+\.\d+\S*(?: |$)/m.test(head) ? 'uname' : undefined),
};
