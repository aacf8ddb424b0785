import { afterEach, expect, test, vi } from 'vitest';
import { ipRoute } from '../../src/captures/route/ip-route.ts';
import { captureList, readTree } from './archive.ts';
import * as s from './samples.ts';

afterEach(() => vi.restoreAllMocks());

const TREE = { 'n1/ip_addr.txt': s.IP_ADDR, 'n1/ip_route.txt': s.IP_ROUTE, 'n1/ip_rule.txt': s.IP_RULE };

test.each(['read', 'end'] as const)(
  'a reader that fails in %s loses its file alone, and the file is listed',
  async (where) => {
    const { open } = ipRoute;
    vi.spyOn(ipRoute, 'open').mockImplementation((input) => ({
      ...open(input),
      [where]: () => {
        throw new TypeError('a fault');
      },
    }));
    const bundle = await readTree(TREE);
    expect(captureList(bundle)).toEqual(['n1 ip-addr n1/ip_addr.txt', 'n1 ip-rule n1/ip_rule.txt']);
    expect(bundle.ignored).toEqual([{ file: 'n1/ip_route.txt', why: 'unread' }]);
  },
);
