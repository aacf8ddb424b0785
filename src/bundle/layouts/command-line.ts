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
  {
    pattern:
      /^(?:docker|podman|nerdctl)(?:[ -]compose)? +exec +(?:-[a-zA-Z]+ +(?:\w+ +)?){0,3}?(?<place>[a-zA-Z0-9][\w.-]*) +(?=\S)/,
    tells: 'node',
  },
  { pattern: /^(?:lxc|incus) +exec +(?<place>[\w.-]+) +-- +/, tells: 'node' },
  { pattern: /^crictl +exec +(?:-[it]+ +){0,2}(?<place>\S+) +/, tells: 'namespace' },
  { pattern: /^multipass +exec +(?<place>[\w.-]+) +(?:-- +)?/, tells: 'node' },
  { pattern: /^vagrant +ssh +(?<place>[\w.-]+) +-c +['"]?/, tells: 'node' },
  { pattern: /^(?:minikube +ssh +(?:-n +(?<place>[\w.-]+) +)?(?:-- +)?)['"]?/, tells: 'node' },
  {
    pattern:
      /^(?:pdsh|clush|dsh|pssh|parallel-ssh|mussh) +(?:-[bBLSPiRqN]+ +|-[wgahHXx] ?[\w.,[\]@:-]+ +|-a +|--\S+ +){0,6}(?:-- +)?['"]?/,
  },
  { pattern: /^ansible +\S+ +(?:-(?:i|m|u|f|b|l|e|o|k|K)(?: +(?!-)\S+)? +|--\S+ +){0,8}-a +['"]?/ },
  { pattern: /^salt +(?:-\S+ +){0,3}(?:'[^']{0,80}'|"[^"]{0,80}"|\S+) +cmd\.(?:run|shell)\w* +['"]?/ },
  { pattern: /^nsenter +(?:-\S+ +|\d+ +){0,8}/ },
  { pattern: /^(?:run|do|doas|busybox|stdbuf +-\S+|unbuffer|command|builtin|rlwrap|setpriv +\S+|script +-c) +/ },
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
    named: changes(command) ? undefined : namedAs(program, command),
    namespace: ns ?? namespace,
    node,
    device:
      program === 'tcpdump'
        ? /(?:^| )(?:-\w*i *|--interface[= ])(?<device>[^\s-]\S*)/.exec(command)?.groups?.device
        : undefined,
  };
};

/** A command that changes something shows nothing of it. */
const changes = (command: string): boolean =>
  /^(?:ip|bridge)(?: +-\S+){0,4} +[a-z]{1,12}(?: +(?:state|policy))? +(?:add|del|delete|replace|change|append|prepend|flush|set|deleteall|update)(?: |$)/.test(
    command,
  ) ||
  /^ipset +(?:-[ADNXF]|add|del|create|destroy|flush|restore)(?: |$)|^conntrack +-[DFIU]|^nft +(?:-f|add|delete|insert|flush|create)(?: |$)/.test(
    command,
  );

/** Programs that show what another one's words name: a file, or a part of an output. */
const SHOWS: ReadonlySet<string> = new Set(
  'cat head tail grep less more zcat sed awk ls watch crictl docker'.split(' '),
);

/** `ipsec ip xfrm state` is ipsec's and no listing of ip's. */
const namedAs = (program: string, command: string): Named | undefined => {
  const named = namedIn(command);
  return named === undefined || named.before === '' || SHOWS.has(program) ? named : undefined;
};
