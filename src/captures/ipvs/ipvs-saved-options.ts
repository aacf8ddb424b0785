import type { RealServer } from '../../records/ipvs.ts';

/** The options of a line of `ipvsadm -S` that would make the service or server anew. */
export interface SavedOptions {
  readonly ipv6: boolean;
  readonly scheduler: string | undefined;
  readonly persistent: number | undefined;
  readonly persistentMask: string | undefined;
  readonly onePacket: boolean;
  readonly engine: string | undefined;
  readonly server: string | undefined;
  readonly method: RealServer['method'];
  readonly weight: number | undefined;
  readonly upperThreshold: number | undefined;
  readonly lowerThreshold: number | undefined;
}

const METHODS: ReadonlyMap<string, RealServer['method']> = new Map([
  ['-m', 'masq'],
  ['-g', 'route'],
  ['-i', 'tunnel'],
  ['-l', 'local'],
]);
const WITH_VALUE: ReadonlySet<string> = new Set([
  '-s',
  '-p',
  '-M',
  '--pe',
  '-r',
  '-w',
  '-x',
  '-y',
  '-b',
  '--tun-type',
  '--tun-port',
]);

/** Options that have no meaning here (tunnel encapsulation, scheduler flags, DPVS's own) are passed over. */
export const savedOptions = (words: readonly string[]): SavedOptions => {
  const values = new Map<string, string>();
  for (let i = 0; i < words.length; i += 1) {
    const option = words[i] ?? '';
    const takesValue = WITH_VALUE.has(option) && !(words[i + 1] ?? '-').startsWith('-');
    values.set(option, takesValue ? (words[i + 1] ?? '') : '');
    if (takesValue) i += 1;
  }
  const number = (option: string) => (/^\d+$/.test(values.get(option) ?? '') ? Number(values.get(option)) : undefined);
  const method = [...values.keys()].find((option) => METHODS.has(option));
  return {
    ipv6: values.has('-6'),
    scheduler: values.get('-s'),
    persistent: number('-p'),
    persistentMask: values.get('-M'),
    onePacket: values.has('-o') || values.has('--ops'),
    engine: values.get('--pe'),
    server: values.get('-r'),
    method: METHODS.get(method ?? '') ?? 'unknown',
    weight: number('-w'),
    upperThreshold: number('-x'),
    lowerThreshold: number('-y'),
  };
};
