import { isHostName } from './machine-word.ts';

/** A line with which a tool for many machines begins one machine's output, or that says that there is none. */
export interface HostBlock {
  readonly host: string;
  /** Several machines printed the same. */
  readonly others: readonly string[];
  /** The machine could not be asked, or the command failed: what follows is a message and no capture. */
  readonly failed: boolean;
  /** Behind the line every line of the output is indented by so many blanks. */
  readonly indent: number;
}

const ANSIBLE =
  /^(?<host>[\w.:-]{1,253}) \| (?<state>CHANGED|SUCCESS|FAILED|UNREACHABLE|success|FAILED!|UNREACHABLE!)(?: \| rc=-?\d{1,4})? (?:\| )?(?:\((?:stdout|stderr)\) ?)*(?:>>|=> ?\{?)$/i;
const ANSIBLE_TASK =
  /^(?<state>ok|changed|fatal|failed|skipping): \[(?<host>[\w.:-]{1,253})(?: -> [^\]]{1,253})?\](?:: UNREACHABLE!|: FAILED!)?(?: => ?(?:\{|\(item=.{0,200}\) => ?\{?)?)?$/;
const MCO = /^(?<host>[A-Za-z0-9][\w.-]{0,252}):$/;
const PSSH = /^\[\d{1,6}\] \d\d:\d\d:\d\d \[(?<state>SUCCESS|FAILURE)\] (?<host>\S{1,253})(?: .{0,120})?$/;
const BOLT = /^(?:Started|Finished) on (?<host>[\w.:-]{1,253})(?:\.{3}|:)$/;
const RULE = /^-{4,}$|^={4,}$/;

/**
 * Ansible (ad hoc, playbooks), parallel-ssh, Bolt, and what dshbak, `clush -b` and salt print: the machine between two lines of dashes, or above an indented output.
 * `above` and `below` are the lines around.
 */
export const hostBlockIn = (
  line: string,
  above: string | undefined,
  below: string | undefined,
): HostBlock | undefined => {
  if (line.length > 1200 || line.length < 2) return undefined;
  const one =
    ANSIBLE.exec(line)?.groups ?? ANSIBLE_TASK.exec(line)?.groups ?? PSSH.exec(line)?.groups ?? BOLT.exec(line)?.groups;
  if (one?.host !== undefined)
    return {
      host: plainHost(one.host),
      others: [],
      failed: /fail|unreach|fatal|skip/i.test(one.state ?? ''),
      indent: 0,
    };
  if (above !== undefined && below !== undefined && RULE.test(above) && RULE.test(below)) {
    const hosts = gathered(line);
    const [host, ...others] = hosts;
    if (host !== undefined) return { host, others, failed: false, indent: 0 };
  }
  const salt = MCO.exec(line)?.groups?.host;
  const indent = /^ {4}(?=\S)/.test(below ?? '') ? 4 : /^ {3}(?=\S)/.test(below ?? '') ? 3 : 0;
  if (salt !== undefined && indent > 0 && isHostName(salt)) return { host: salt, others: [], failed: false, indent };
  return undefined;
};

const plainHost = (host: string): string => host.replace(/^[^@]*@/, '').replace(/:22$/, '');

/** `gw,be[1-3]`, `node1 (2)`: the names of a gathered output; none where the line is something else. */
const gathered = (line: string): readonly string[] => {
  const text = line.trim().replace(/ \(\d{1,5}\)$/, '');
  if (!/^[A-Za-z0-9][\w.,[\]-]{0,1000}$/.test(text) || !/[a-z]/i.test(text)) return [];
  const hosts: string[] = [];
  for (const part of text.split(/,(?![^[]*\])/)) {
    const range = /^(?<before>[^[]*)\[(?<inside>[\d,-]+)\](?<after>[^[]*)$/.exec(part)?.groups;
    if (!range) {
      if (!isHostName(part)) return [];
      hosts.push(part);
      continue;
    }
    for (const span of (range.inside ?? '').split(',')) {
      const [from = '', to = from] = span.split('-');
      for (let n = Number(from); n <= Number(to) && hosts.length < 256; n += 1)
        hosts.push(`${range.before}${String(n).padStart(from.length, '0')}${range.after}`);
    }
  }
  return hosts;
};
