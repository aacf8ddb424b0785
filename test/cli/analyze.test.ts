import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ran, run, sample } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string, content: Buffer | string): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};

const tarOf = async (members: Readonly<Record<string, string>>): Promise<Buffer> => {
  const tar = pack();
  for (const [name, text] of Object.entries(members)) tar.entry({ name }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const keysOf = async (archive: string): Promise<readonly string[]> => {
  const reader = extract();
  const keys = new Set<string>();
  const done = (async () => {
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (/xfrm_state/.test(entry.header.name))
        for (const run of Buffer.concat(chunks)
          .toString('latin1')
          .matchAll(/(?:0x)?([0-9a-f]{32,})/gi))
          keys.add(run[1] ?? '');
    }
  })();
  reader.end(gunzipSync(readFileSync(archive)));
  await done;
  return [...keys];
};

const FLOW = '10.255.31.243 -> 10.255.31.243:80/tcp';

interface Result {
  readonly schemaVersion: number;
  readonly rootCauses: readonly {
    readonly id: string;
    readonly node: string;
    readonly confidence: string;
    readonly evidence: readonly { file: string; line: number; text: string; role: string }[];
    readonly fixes: readonly { provenByWalk: boolean; commands: readonly unknown[] }[];
  }[];
  readonly flows: readonly { readonly outcome: string }[];
  readonly unread: readonly unknown[];
}

describe('the recorded OpenYurt bundle', () => {
  const outputs: Record<string, Ran> = {};
  beforeAll(() => {
    outputs.alone = run([sample, '--format', 'json']);
    outputs.flow = run([sample, '--format', 'json', '--flow', FLOW, '--from', 'cloud-gw']);
    outputs.page = run([sample, '-o', join(dir, 'page.html')]);
    outputs.md = run([sample, '--format', 'md']);
    outputs.text = run([sample, '--format', 'text', '--lang', 'zh-CN']);
  });

  test.each(['alone', 'flow'])('names the cause first and for certain, with its proven fix (%s)', (how) => {
    const { status, stdout, stderr } = outputs[how] as Ran;
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as Result;
    expect(result.schemaVersion).toBe(1);
    const [first] = result.rootCauses;
    expect(first).toMatchObject({ id: 'ipvs-host-clusterip-xfrm-innopols', node: 'cloud-gw', confidence: 'certain' });
    expect(first?.fixes[0]?.provenByWalk).toBe(true);
    expect(first?.evidence.find((line) => line.file === 'cloud-gw/xfrm_stat.txt')?.text).toMatch(/XfrmInNoPols\s+6/);
    expect(result.unread).toEqual([]);
  });

  test('writes one page beside what it prints', () => {
    const { status, stdout } = outputs.page as Ran;
    expect(status).toBe(0);
    expect(stdout).toContain('page.html');
    expect(readFileSync(join(dir, 'page.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  });

  test('no IPsec key reaches any output', async () => {
    const keys = await keysOf(sample);
    expect(keys.length).toBeGreaterThan(0);
    const all = [
      ...Object.values(outputs).map((o) => o.stdout + o.stderr),
      readFileSync(join(dir, 'page.html'), 'utf8'),
    ]
      .join('\n')
      .toLowerCase();
    for (const key of keys) expect(all).not.toContain(key.toLowerCase());
  });

  test('the same bundle gives the same page byte for byte', () => {
    run([sample, '-o', join(dir, 'again.html')]);
    expect(readFileSync(join(dir, 'again.html'))).toEqual(readFileSync(join(dir, 'page.html')));
  });

  test('standard input is a bundle like any other', () => {
    const { stdout, status } = run(['-', '--format', 'json'], readFileSync(sample));
    expect(status).toBe(0);
    expect((JSON.parse(stdout) as Result).rootCauses[0]?.id).toBe('ipvs-host-clusterip-xfrm-innopols');
  });
});

describe('exit status', () => {
  test('--fail-on asks for 1 where a finding is strong enough', () => {
    expect(run([sample, '--format', 'json', '--fail-on', 'certain']).status).toBe(1);
  });

  const usage: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown node in --from', [sample, '--flow', FLOW, '--from', 'cloud-gv'], /cloud-gv.*cloud-gw/],
    ['an unknown node in --in', [sample, '--flow', FLOW, '--in', 'cloud-gv/eth0'], /cloud-gv.*cloud-gw/],
    ['an unknown device in --in', [sample, '--flow', FLOW, '--in', 'cloud-gw/eth9'], /eth9.*cloud-gw\/eth/],
    ['an unknown option', [sample, '--flwo', FLOW], /flwo/],
    ['a flow that is none', [sample, '--flow', 'ten to one'], /column/],
    ['a level that is none', [sample, '--fail-on', 'sure'], /certain/],
    ['no bundle', [], /bundle/],
  ];
  test.each(usage)('2 for %s', (_what, args, words) => {
    const { status, stderr } = run(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('3 with one line for what cannot be read', async () => {
    const broken: readonly (readonly [string, Buffer])[] = [
      ['no-archive.tgz', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3, 0, 0, 0xff, 0xfe])],
      ['empty.tgz', gzipSync(await tarOf({}))],
      ['empty-file.tgz', Buffer.alloc(0)],
      ['no-captures.tgz', gzipSync(await tarOf({ 'notes/readme.txt': 'nothing of interest\n' }))],
      ['cut.tgz', readFileSync(sample).subarray(0, 20)],
    ];
    for (const [name, content] of broken) {
      const { status, stderr, stdout } = run([file(name, content)]);
      expect({ name, status }).toEqual({ name, status: 3 });
      expect(stderr).toContain(name);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stdout).toBe('');
    }
    expect(run([join(dir, 'not-there.tgz')]).status).toBe(3);
  });

  test('a bundle that was cut in the middle still gives the report of what was there', () => {
    const half = readFileSync(sample);
    const { status, stdout } = run([
      file('half.tgz', half.subarray(0, Math.floor(half.length * 0.8))),
      '--format',
      'json',
    ]);
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as Result & { readonly notes: readonly { readonly code?: string }[] };
    expect(JSON.stringify(result.notes)).toMatch(/truncated/);
  });
});
