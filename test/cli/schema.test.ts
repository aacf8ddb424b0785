import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bundle, inside } from './inside.ts';
import { sample } from './run.ts';

const BUNDLES = [
  sample,
  ...['ack-local-124-slb-from-no-endpoint-node-flannel', 'kube-router-svip-node-ip', 'gen-vxlan-fdb-missing'].map(
    bundle,
  ),
  ...['submariner-hostnet-rule-deleted', 'ok-ipsec-iptables-mode', 'gen-mtu-blackhole-vxlan'].map(bundle),
];

/** Every object of the published schema refuses names that it does not know. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const own = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in own && !('additionalProperties' in own) ? { ...own, additionalProperties: false } : own;
};

describe('analyze schema', async () => {
  const printed = await inside('schema');
  const published = JSON.parse(printed.stdout) as Record<string, unknown>;
  const schema = z.fromJSONSchema(closed(published) as Parameters<typeof z.fromJSONSchema>[0]);

  test('is a JSON Schema of draft 2020-12', () => {
    expect(printed.status).toBe(0);
    expect(published.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });

  test.each(BUNDLES.map((path) => [path.replace(/^.*\//, ''), path]))('%s fits it, field by field', async (_, path) => {
    const { stdout } = await inside(path, '--format', 'json');
    const document = JSON.parse(stdout) as Record<string, unknown>;
    const { error } = schema.safeParse(document);
    expect(error?.issues.slice(0, 5)).toBeUndefined();
    expect(Object.keys(document)).toEqual([
      'schemaVersion',
      'bundle',
      'verdict',
      'collect',
      'flows',
      'rootCauses',
      'observations',
      'ruledOut',
      'undecided',
      'notes',
      'unread',
    ]);
  });

  test('a field more or less does not fit', async () => {
    const document = JSON.parse((await inside(sample, '--format', 'json')).stdout) as Record<string, unknown>;
    expect(schema.safeParse({ ...document, mood: 'fine' }).success).toBe(false);
    const { notes: _, ...less } = document;
    expect(schema.safeParse(less).success).toBe(false);
  });
});
