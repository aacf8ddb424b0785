import { describe, expect, test } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import { listBundle } from '../../src/bundle/listing.ts';
import { quoteLines } from '../../src/bundle/quote-lines.ts';
import { withoutSecrets } from '../../src/captures/masking/known-secrets.ts';
import { withoutUnknown } from '../../src/captures/masking/unknown-text.ts';
import { NO_SECRETS, SECRETS, type Secret } from '../secrets.ts';
import { readBytes, readTree } from './archive.ts';
import * as s from './samples.ts';

const OUTPUTS: Readonly<Record<string, string>> = {
  'ip_addr.txt': s.IP_ADDR,
  'ip_link.txt': s.IP_LINK,
  'ip_route.txt': s.IP_ROUTE,
  'ip_rule.txt': s.IP_RULE,
  'ip_neigh.txt': s.IP_NEIGH,
  'bridge_fdb.txt': s.FDB,
  'iptables-save.txt': s.IPTABLES_SAVE,
  'iptables_-L.txt': s.IPTABLES_LIST,
  'nft_list_ruleset.txt': s.NFT,
  'ipset_list.txt': s.IPSET,
  'ipvsadm_-Ln.txt': s.IPVS,
  'ipvsadm_-Lnc.txt': s.IPVS_CONN,
  'conntrack_-L.txt': s.CONNTRACK,
  'conntrack_-S.txt': s.CONNTRACK_STATS,
  'xfrm_stat.txt': s.XFRM_STAT,
  'ip_xfrm_state.txt': s.XFRM_STATE,
  'ip_xfrm_policy.txt': s.XFRM_POLICY,
  'sysctl_-a.txt': s.SYSCTL,
  'nstat.txt': s.NSTAT,
  'ss_-antp.txt': s.SS,
  'tcpdump_eth0.txt': s.TCPDUMP,
  'kubectl_get_svc.yaml': s.SERVICES,
  'uname.txt': s.UNAME('n1'),
  'date.txt': s.DATE,
  'dmesg.txt': '[    1.000000] eth0: link up\n[    2.000000] eth0: link down\n',
  'rt_cache.txt': 'entries  in_hit in_slow_tot in_slow_mc\n00000001  00000000 0000000a 00000000\n',
  'hostname.txt': 'n1\n',
};

/** Every line of every file as it would be quoted, each alone: what an excerpt shows does not hang on what stands around it. */
const everything = async (bundle: Bundle): Promise<string> => {
  const shown: string[] = [listBundle(bundle), JSON.stringify(bundle.notes)];
  for (const { paths } of bundle.origins)
    for (const file of paths.keys())
      for (let line = 1; line <= 400; line += 7) {
        const wanted = new Set(Array.from({ length: 7 }, (_, i) => line + i));
        const quoted = (await quoteLines(bundle, new Map([[file, wanted]]))).get(file);
        if (!quoted?.size) break;
        shown.push(...quoted.values());
      }
  for (const { namespaces } of bundle.nodes)
    for (const { captures } of namespaces)
      for (const { unreadLines, toolMessages } of captures) shown.push(JSON.stringify([unreadLines, toolMessages]));
  return shown.join('\n');
};

const leaked = (shown: string, secrets: readonly Secret[]): readonly string[] =>
  secrets.flatMap(({ name, secrets: texts }) =>
    texts.filter((text) => shown.includes(text)).map((text) => `${name}: ${text}`),
  );

/** The secrets' lines at the output's beginning, in its middle or at its end. */
const withSecret = (output: string, lines: readonly string[], where: 'middle' | 'end'): string => {
  const own = output.split('\n').slice(0, -1);
  const at = where === 'middle' ? Math.ceil(own.length / 2) : own.length;
  return [...own.slice(0, at), ...lines, ...own.slice(at)].map((line) => `${line}\n`).join('');
};

describe('no secret is shown', () => {
  test.each(Object.entries(OUTPUTS))('in %s', async (file, output) => {
    const leaks: string[] = [];
    for (const secret of SECRETS)
      for (const where of ['middle', 'end'] as const) {
        const bundle = await readTree({
          [`n1/${file}`]: withSecret(output, secret.lines, where),
          'n1/ip_rule.txt': s.IP_RULE,
          'n2/ip_rule.txt': s.IP_RULE,
        });
        leaks.push(...leaked(await everything(bundle), [secret]).map((leak) => `${where}: ${leak}`));
      }
    expect(leaks).toEqual([]);
  });

  test('below prompts of one paste', async () => {
    const leaks: string[] = [];
    for (const secret of SECRETS) {
      const paste = `root@n1:~# ip rule\n${s.IP_RULE}root@n1:~# cat /etc/x\n${secret.lines.join('\n')}\nroot@n1:~# ip route\n${s.IP_ROUTE}${secret.lines.join('\n')}\nroot@n1:~# ip xfrm state\n${s.XFRM_STATE}${secret.lines.join('\n')}\n`;
      const shown = await everything(await readBytes(Buffer.from(paste)));
      expect(shown).toContain('from all lookup local');
      leaks.push(...leaked(shown, [secret]));
    }
    expect(leaks).toEqual([]);
  });

  test.each([
    ['a collector of sos', (file: string) => `sosreport-n1-2026-11-20-abcdefg/sos_commands/networking/${file}`],
    ['cilium-bugtool', (file: string) => `cilium-bugtool-n1/cmd/${file.replace('.txt', '.md')}`],
  ])('in %s', async (_, path) => {
    const lines = SECRETS.flatMap((secret) => secret.lines);
    for (const file of ['ip_-d_address', 'ip_route_show_table_all', 'ip_-s_xfrm_state.txt']) {
      const output = file.includes('addr') ? s.IP_ADDR : file.includes('route') ? s.IP_ROUTE : s.XFRM_STATE;
      const bundle = await readTree({
        [path(file)]: withSecret(output, lines, 'end'),
        [path('ip_rule.txt')]: s.IP_RULE,
      });
      expect(leaked(await everything(bundle), SECRETS), file).toEqual([]);
    }
  });
});

test.each(NO_SECRETS)('is no secret: %s', (line) => expect(withoutSecrets(line)).toBe(line));

test.each(NO_SECRETS.filter((line) => !line.includes('fastopen') && !line.includes('vmap')))(
  'is no secret where nobody understands it either: %s',
  (line) => expect(withoutUnknown(line)).toBe(line),
);
