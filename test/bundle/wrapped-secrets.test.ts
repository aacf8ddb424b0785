import { expect, test } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import { quoteLines } from '../../src/bundle/quote-lines.ts';
import { readTree } from './archive.ts';

const FILE = 'n1/ip_link.txt';
const RULES = '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n';
const LINK =
  '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000';
const ETHER = '    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff';

const read = async (...lines: readonly string[]): Promise<Bundle> =>
  readTree({ [FILE]: `${lines.join('\n')}\n`, 'n1/ip_rule.txt': RULES, 'n2/ip_rule.txt': RULES });

const shown = async (bundle: Bundle, ...lines: readonly number[]): Promise<string> => {
  const quoted = (await quoteLines(bundle, new Map([[FILE, new Set(lines)]]))).get(FILE);
  const unread = bundle.nodes.flatMap((node) =>
    node.namespaces.flatMap((ns) => ns.captures.flatMap((capture) => capture.unreadLines)),
  );
  return [...(quoted?.values() ?? []), ...unread.map(({ text }) => text)].join('\n');
};

test('a line that a reader passes over behind one that it knows shows no more than it would alone', async () => {
  for (const line of ['adm:aZ3kLp9QwErTy:19700:0:99999:7:::', 'motd wm4Kq9Zt2Rv7Lx', 'requirepass marigold'])
    expect(await shown(await read(LINK, line, ETHER), 1, 2, 3)).not.toMatch(/aZ3kLp|wm4Kq9|marigold/);
});

test('a secret that begins on a line which was joined to another is hidden on the next', async () => {
  const bundle = await read(LINK, '    - name: DB_PASSWORD', '      value: quixotic', ETHER);
  expect(await shown(bundle, 1, 2, 3, 4)).not.toContain('quixotic');
  // Each line alone, too.
  for (const line of [1, 2, 3, 4]) expect(await shown(bundle, line)).not.toContain('quixotic');
});

test("what a terminal wrapped is quoted whole where it is the format's own", async () => {
  const flow = (port: number) =>
    `tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=${port} dport=443 src=10.0.0.2 dst=10.0.0.1 sport=443 dport=${port} [ASSURED] mark=0 use=1`;
  const wrapped = [40001, 40002, 40003].flatMap((port) => [flow(port).slice(0, 80), flow(port).slice(80)]);
  const bundle = await readTree({ 'n1/conntrack.txt': `${wrapped.join('\n')}\n`, 'n1/ip_rule.txt': RULES });
  const quoted = await quoteLines(bundle, new Map([['n1/conntrack.txt', new Set([1, 3])]]));
  expect([...(quoted.get('n1/conntrack.txt')?.values() ?? [])]).toEqual([flow(40001), flow(40002)]);
});

test("a client's words around an output are masked as what nobody understands", async () => {
  const bundle = await read('DEPRECATED: use wm4Kq9Zt2Rv7Lx instead', LINK, ETHER);
  expect(await shown(bundle, 1, 2)).toBe(`DEPRECATED: use [masked] instead\n${LINK}`);
});

test('in a text that is too long to be kept an unread line is hidden where a secret began outside its output', async () => {
  const rules = Array.from({ length: 5000 }, (_, i) => `${1000 + i}:\tfrom 10.${i >> 8}.${i & 255}.0/24 lookup main`);
  const text = [
    'root@n1:~# ip rule',
    '0:\tfrom all lookup local',
    ...rules,
    '',
    'data:',
    '  0:\tfrom all lookup local',
    '  32766:\tfrom all lookup main',
    '  phrase: quixotic',
  ];
  const bundle = await readTree({ 'n1/session.txt': `${text.join('\n')}\n` });
  expect(bundle.origins.some(({ texts }) => texts.size > 0)).toBe(false);
  expect(
    JSON.stringify(bundle.nodes.map((node) => node.namespaces.map((ns) => ns.captures.map((c) => c.unreadLines)))),
  ).not.toContain('quixotic');
});
