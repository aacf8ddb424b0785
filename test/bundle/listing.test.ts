import { expect, test } from 'vitest';
import { listBundle } from '../../src/bundle/listing.ts';
import { readTree } from './archive.ts';
import * as s from './samples.ts';

test('columns stand under one another for eyes, and are apart by tabs for programs', async () => {
  const bundle = await readTree({
    'n1/hostname': 'n1\n',
    'n1/ip_rule.txt': s.IP_RULE,
    'node-with-a-name/netns/a/conntrack_-S.txt': s.CONNTRACK_STATS,
    'n1/README': 'hello\n',
  });
  const lines = listBundle(bundle, true).split('\n').slice(1);
  const files = lines.map((line) => line.search(/\S+(?:\s+unknown)?$/));
  expect(new Set(files)).toEqual(new Set([files[0]]));
  expect(listBundle(bundle).split('\n')[1]).toBe('node\tnamespace\tkind\trecords\tunread\tfile');
});
