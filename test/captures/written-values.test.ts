import { expect, test } from 'vitest';
import { freeText } from '../../src/captures/masking/free-text.ts';
import { readText } from '../../src/captures/read-text.ts';
import type { Capture, CaptureKind } from '../../src/records/capture.ts';

const read = (kind: CaptureKind, text: string): Capture =>
  readText({ kind, file: 'f', firstLine: 1, command: undefined, family: undefined, device: undefined }, text);

/** Every text that a record holds, however deep. */
const values = (data: unknown): string =>
  JSON.stringify(data, (_, value) => (value instanceof Map ? [...value.entries()] : value));

const CASES: readonly (readonly [CaptureKind, string])[] = [
  [
    'iptables-save',
    '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m comment --comment "admin password: lantern42" -j DROP\n-A INPUT -j LOG --log-prefix "token=lantern42 "\n-A INPUT -m string --string "passwd=lantern42" --algo bm -j DROP\nCOMMIT\n',
  ],
  [
    'iptables-list',
    'Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n pkts bytes target     prot opt in     out     source               destination         \n    0     0 DROP       tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            /* admin password: lantern42 */\n',
  ],
  [
    'nft-ruleset',
    'table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t\ttcp dport 80 log prefix "token=lantern42 " drop comment "admin password: lantern42"\n\t}\n}\n',
  ],
  [
    'dmesg',
    '[    1.000000] token=lantern42 IN=eth0 OUT= MAC= SRC=10.0.0.1 DST=10.0.0.2 LEN=60 PROTO=TCP SPT=1000 DPT=80\n[    2.000000] IPVS: sync password=lantern42 refused\n',
  ],
];

test.each(CASES)('what people wrote into %s is masked before it is a value', (kind, text) => {
  const capture = read(kind, text);
  expect(capture.unread).toBe(0);
  expect(values(capture.data)).toContain('[masked]');
  expect(values(capture.data)).not.toContain('lantern42');
});

test("a rule's prefix and that of its packets stay the same word", () => {
  const rules = read(
    'iptables-save',
    '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j LOG --log-prefix "token=lantern42 "\nCOMMIT\n',
  );
  const messages = read(
    'dmesg',
    '[    1.000000] token=lantern42 IN=eth0 OUT= SRC=10.0.0.1 DST=10.0.0.2 PROTO=TCP SPT=1000 DPT=80\n',
  );
  const prefix = messages.data.messages?.[0]?.packet?.prefix ?? '';
  expect(prefix).toBe('token=[masked]');
  expect(values(rules.data)).toContain(prefix);
});

test.each([
  'shop/vault-token:https cluster IP',
  'masquerade traffic for shop/db-secret:psk external destinations',
  'shop/api-key:web -> 10.0.2.5:8080',
  'shop/auth-secret:web has no endpoints',
  'cali:6gwbT8clXdHdC1b1',
  'rule to ACCEPT traffic from source pods to dest pods selected by policy name: allow-token namespace: shop',
])('keeps the names of services and policies: %s', (text) => expect(freeText(text)).toBe(text));

test.each(['shop/web password: lantern42', 'for shop/web:http token=lantern42', 'password=lantern42'])(
  'masks behind a name, too: %s',
  (text) => expect(freeText(text)).not.toContain('lantern42'),
);
