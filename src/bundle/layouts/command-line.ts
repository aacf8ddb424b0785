import { CAPTURE_MODULES } from '../../captures/registry.ts';
import { type Named, namedIn } from './command-words.ts';

/** A command as somebody typed it, and where it ran. */
export interface CommandLine {
  /** The command itself, without sudo, ssh and what else led to it. */
  readonly command: string;
  /** The program, without its folder. */
  readonly program: string;
  readonly named: Named | undefined;
  readonly namespace: string | undefined;
  readonly node: string | undefined;
  readonly device: string | undefined;
}

/** Programs at whose name a command line is told from prose: those whose outputs are read, and others that people type among them. */
const PROGRAMS: ReadonlySet<string> = new Set(
  [
    'ipsec swanctl cat ls ps ethtool tc lsmod modinfo docker ping curl journalctl systemctl ovs-vsctl ovs-appctl ovn-nbctl ovn-sbctl grep tail head echo',
    'free top uptime wg subctl calicoctl cilium gobgp lscpu df mount nslookup dig host traceroute tracepath iperf3 nc telnet mtr resolvectl id whoami exit',
    'cd sudo ssh nsenter chroot timeout watch env time for export vim vi less',
    ...CAPTURE_MODULES.flatMap(({ programs }) => programs ?? []),
  ].flatMap((names) => names.split(' ')),
);

/** What may lead to a command: the words to skip, and what they tell of the place. */
const LEADS: readonly { readonly pattern: RegExp; readonly tells?: 'namespace' | 'node' }[] = [
  { pattern: /^(?:sudo|nice|time|exec|stdbuf \S+)(?: -[nESH]+)* +/ },
  { pattern: /^(?:[A-Z_]+=\S* +|env +)/ },
  { pattern: /^timeout(?: -\S+(?: \d+)?)? +\d+\w? +/ },
  { pattern: /^watch(?: -\S+(?: \d+)?)? +/ },
  { pattern: /^chroot +\S+ +/ },
  { pattern: /^(?:ba|z)?sh +-l?c +['"]?/ },
  { pattern: /^ip +netns +exec +(?<place>\S+) +/, tells: 'namespace' },
  { pattern: /^ip +(?:-all|-a) +netns +exec +/ },
  { pattern: /^nsenter +[^|;]{0,200}?--net=\S*\/(?<place>[^/ ]+) +(?:-\S+ +)*(?:-- +)?/, tells: 'namespace' },
  { pattern: /^nsenter +-t *(?<place>\d+) +(?:-\S+ +)*(?:-- +)?/, tells: 'namespace' },
  { pattern: /^(?:kubectl|oc) +debug +[^|;]{0,200}?nodes?\/(?<place>\S+) +[^|;]{0,200}?-- +/, tells: 'node' },
  {
    pattern:
      /^(?:kubectl|oc) +(?:-n +\S+ +|--namespace[= ]\S+ +)?exec +(?:-n +\S+ +|-[it]+ +|-c +\S+ +|--namespace[= ]\S+ +){0,4}(?:pods?\/)?(?<place>\S+) +(?:-n +\S+ +|-[it]+ +|-c +\S+ +){0,3}-- +/,
    tells: 'namespace',
  },
  { pattern: /^(?:docker|podman|nerdctl) +exec +(?:-[it]+ +){0,2}(?<place>\S+) +/, tells: 'node' },
  { pattern: /^ssh +(?:-\S+ +){0,3}(?:[^@\s]+@)?(?<place>[^\s@]+) +(?:-- +)?['"]?/, tells: 'node' },
];

/** Reads a command line; undefined where its first word is no program that anyone would collect. */
export const readCommandLine = (text: string): CommandLine | undefined => {
  let rest = text.trim().slice(0, 1000);
  let namespace: string | undefined;
  let node: string | undefined;
  for (let skipped = 0; skipped < 8; skipped += 1) {
    const lead = LEADS.map((l) => ({ ...l, match: l.pattern.exec(rest) })).find((l) => l.match);
    const [led] = lead?.match ?? [];
    if (!lead || led === undefined || led.length === rest.length) break;
    const place = lead.match?.groups?.place;
    if (lead.tells === 'namespace') namespace = place;
    if (lead.tells === 'node') node = place;
    rest = rest.slice(led.length);
  }
  const word = /^[^\s|;<>]+/.exec(rest)?.[0] ?? '';
  const program = word.slice(word.lastIndexOf('/') + 1);
  if (!PROGRAMS.has(program)) return undefined;
  const own = /^[^|;>]*/.exec(rest)?.[0].trim() ?? rest;
  const command = word === program ? own : own.slice(word.length - program.length);
  const ns = /^ip +(?:-\S+ +){0,4}-n(?:etns)? +(?<ns>\S+)/.exec(command)?.groups?.ns;
  return {
    command,
    program,
    named: namedIn(command),
    namespace: ns ?? namespace,
    node,
    device:
      program === 'tcpdump'
        ? /(?:^| )(?:-\w*i *|--interface[= ])(?<device>[^\s-]\S*)/.exec(command)?.groups?.device
        : undefined,
  };
};
