import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ruleWords } from '../../src/causes/facts/delete-rule.ts';
import type { Fix } from '../../src/causes/facts/finding.ts';
import { NO_PART, part, type Shell, shell, shellWord } from '../../src/causes/facts/shell.ts';
import type { Judgement } from '../../src/judging/judge.ts';
import { recordedCases } from '../recorded-cases.ts';
import { type BundleTexts, bundleOf, flowOf } from './bundle.ts';

/** Programs that commands call; here each writes down its name and its arguments, and does nothing. */
const PROGRAMS = [
  ...['iptables', 'ip6tables', 'iptables-legacy', 'iptables-nft', 'nft', 'ipset', 'ip', 'bridge', 'ipvsadm', 'ethtool'],
  ...['conntrack', 'sysctl', 'kubectl', 'ss', 'nsenter', 'modprobe', 'kube-proxy', 'calicoctl', 'cilium-dbg', 'grep'],
  ...['crictl', 'tcpdump', 'timeout', 'arping', 'uname', 'printf-is-built-in'],
];
/** What a name would run if a shell took a part of it for a command. */
const TRAPS = ['id', 'reboot', 'sh', 'rm', 'touch'];

let home = '';
const bin = () => join(home, 'bin');
const calls = () => join(home, 'calls');

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'commands-'));
  mkdirSync(bin());
  for (const name of [...PROGRAMS, ...TRAPS]) {
    const path = join(bin(), name);
    // NUL stands between arguments, as no argument can hold one.
    writeFileSync(path, `#!/bin/sh\n{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\n\\0'; } >> "$CALLS"\n`);
    chmodSync(path, 0o755);
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What a real shell would execute: the programs and their arguments. */
const executed = (command: string): readonly (readonly string[])[] => {
  rmSync(calls(), { force: true });
  execFileSync('/bin/sh', ['-c', command], { cwd: home, env: { PATH: bin(), CALLS: calls() }, stdio: 'pipe' });
  const text = existsSync(calls()) ? readFileSync(calls(), 'utf8') : '';
  return text
    .split('\n\0')
    .filter((call) => call !== '')
    .map((call) => call.split('\0').slice(0, -1));
};

const HOSTILE = [
  '$(id)',
  '`id`',
  ';reboot;',
  '|sh',
  '&&touch x',
  '>f',
  "o'brien",
  '"',
  '\\',
  '*',
  '~',
  '#',
  '$HOME',
  '!',
  'a b',
  '{a,b}',
  '=id',
  'ünï',
  '',
];

describe('a word of a command', () => {
  test.each(HOSTILE)('%j reaches the program as it is, alone, in front of and behind our own text', (name) => {
    expect(executed(shell`ip link show dev ${name}`)).toEqual([['ip', 'link', 'show', 'dev', name]]);
    expect(executed(shell`sysctl -w net.ipv4.conf.${name}.rp_filter=${2}`)).toEqual([
      ['sysctl', '-w', `net.ipv4.conf.${name}.rp_filter=2`],
    ]);
    expect(executed(shell`ipset add x${NO_PART} y${name},${name}`)).toEqual([
      ['ipset', 'add', 'x', `y${name},${name}`],
    ]);
    expect(executed(shell`ip${part` -6 route ${name}`} ${[name, '-j', name]}`)).toEqual([
      ['ip', '-6', 'route', name, name, '-j', name],
    ]);
    expect(executed(`ip ${shellWord(name)}`)).toEqual([['ip', name]]);
  });

  test.each(['a\nb', '\u0000', '\u001b[31m', '\u202Etxt', '\u200b'])(
    'what %j would paste is not what is read: no command',
    (name) => {
      expect(shell`ip link show dev ${name}`).toBe('');
      expect(shell`ip ${part`link ${name}`}`).toBe('');
      expect(shell`iptables ${['-A', name]}`).toBe('');
    },
  );

  test('a dash at its start is none of an option: where one would be read there is no command', () => {
    expect(shell`ipset add ${'-exist'} 10.0.0.1`).toBe('');
    expect(shell`ethtool -K ${'-x'} tx off`).toBe('');
    expect(executed(shell`ip link show dev ${'-x'}`)).toEqual([['ip', 'link', 'show', 'dev', '-x']]);
  });

  test('a word inside of quotes of our own is a mistake of ours', () => {
    expect(() => shell`sh -c '${'x'}'`).toThrow('inside of quotes');
  });
});

describe('the words of a rule', () => {
  const rule = (flag: string) => ({
    matches: [{ name: 'tcp', options: [{ flag, invert: false, values: ['x'] }] }],
    target: undefined,
  });

  test.each(['--modprobe', '--modp', '--table', '-t', '-F', '--flush', '--append', '-M', '--dport=1'])(
    '%s is no option of a match: iptables would take it for its own',
    (flag) => {
      expect(ruleWords(rule(flag))).toBeUndefined();
    },
  );

  test('those of matches and targets stand in the order of iptables-save', () => {
    expect(ruleWords(rule('--dport'))).toEqual(['-m', 'tcp', '--dport', 'x']);
  });
});

/** Names as the kernel allows them, each with what it is to become; the same length is no matter. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/\bflannel\.1\b/g, 'f;id>p;'],
  [/\beth0\b/g, '$(id>p)'],
  [/\beth1\b/g, '`id`'],
  [/\bvx-submariner\b/g, 'v|sh'],
  [/\bDOCKER-USER\b/g, 'D$(id)'],
  [/\bufw-(?=[a-z])/g, 'w;reboot;'],
];

const hostile = (bundle: BundleTexts): BundleTexts =>
  bundle.mapped((_, text) => NAMES.reduce((all, [name, other]) => all.replace(name, () => other), text));

const commandsOf = ({ found }: Judgement): readonly Shell[] => {
  const fixes: readonly Fix[] = found.flatMap((finding) => finding.fixes);
  return fixes.flatMap((fix) => fix.commands.map(({ command }) => command));
};

/** Programs that a fix may call; a trap among them would be a name that ran. */
const isOurs = ([program = '']: readonly string[]): boolean => PROGRAMS.includes(program);

describe('every fix of every cause', () => {
  test('runs in a shell as it is meant, whatever devices and chains are called', { timeout: 600_000 }, () => {
    const shown = new Set<string>();
    for (const { name } of recordedCases) {
      const judged = hostile(bundleOf(name)).judge(flowOf(name));
      for (const command of commandsOf(judged)) {
        const called = executed(command);
        expect(called.length, command).toBeGreaterThan(0);
        expect(
          called.filter((call) => !isOurs(call)),
          `${name}: ${command}`,
        ).toEqual([]);
        expect(readdirSync(home).sort(), command).toEqual(['bin', 'calls']);
        for (const [, other] of NAMES) if (called.flat().some((word) => word.includes(other))) shown.add(other);
      }
    }
    // The names did come through: whole, as words of an argument.
    expect([...shown]).toEqual(expect.arrayContaining(['f;id>p;', '$(id>p)']));
  });
});
