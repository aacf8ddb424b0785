import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { afterAll, describe, expect, test } from 'vitest';
import { bundle, inside } from './inside.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-open-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The healthy bundle with some members left out (the edit gives undefined) or changed. */
const variant = async (name: string, edit: (file: string, text: string) => string | undefined): Promise<string> => {
  const reader = extract();
  const tar = pack();
  const done = (async () => {
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const text = edit(entry.header.name, Buffer.concat(chunks).toString());
      if (entry.header.type === 'file' && text !== undefined) tar.entry({ name: entry.header.name }, text);
    }
    tar.finalize();
  })();
  const out: Buffer[] = [];
  const collected = (async () => {
    for await (const chunk of tar) out.push(chunk as Buffer);
  })();
  reader.end(gunzipSync(readFileSync(bundle('ok-ipvs-cross-node-flannel'))));
  await Promise.all([done, collected]);
  const file = join(dir, `${name}.tgz`);
  writeFileSync(file, gzipSync(Buffer.concat(out)));
  return file;
};

const FLOW = ['--flow', '10.160.0.9 -> 10.161.5.1:80', '--from', 'fn-1/ui'];
const said = async (file: string, flow: readonly string[], lang = 'en'): Promise<string> => {
  const { status, stdout } = await inside(file, ...flow, '--format', 'text', '--lang', lang);
  expect(status).toBe(0);
  return stdout.replace(/\s+/g, ' ');
};
/** What the flow left behind in the healthy bundle. */
const isObserved = (file: string): boolean => /conntrack|tcpdump|ipvsadm_-Lnc/.test(file);
const ODD_DROP = '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m length --length 0:100 -j DROP\nCOMMIT\n';

describe('where no cause can be named', () => {
  test('a walk that dies says where, by which line, and what to collect', async () => {
    const file = await variant('odd', (name, text) =>
      isObserved(name) ? undefined : /fn-[23]\/iptables-save/.test(name) ? ODD_DROP + text : text,
    );
    const text = await said(file, FLOW);
    if (text.includes('no known cause')) {
      expect(text).toMatch(/\? The request dies on fn-[23], in PREROUTING, before routing: no known cause explains it/);
      expect(text).toMatch(/iptables-save\.txt:3 -A PREROUTING -m length --length 0:100 -j DROP/);
    } else expect(text).toMatch(/✗ .*fn-[23]/);
    expect(text).not.toContain('No fault found');
  });

  test('state that is missing: where the walk ends, and the commands that would tell', async () => {
    const file = await variant('bare', (name, text) =>
      isObserved(name) || /fn-1\/(?:iptables-save|ipvsadm|ipset)/.test(name) ? undefined : text,
    );
    const text = await said(file, FLOW);
    expect(text).not.toContain('No fault found');
    expect(text).toMatch(/Collect .*fn-1 .*ipvsadm -Ln/);
  });

  test('a walk that delivers only because the usual was taken for granted says so', async () => {
    const file = await variant('granted', (name, text) =>
      isObserved(name) || /iptables-save|ss_-ant/.test(name) ? undefined : text,
    );
    expect(await said(file, FLOW)).toMatch(/not seen to work either, and \d+ captures are missing.*Collect/);
  });

  test('a flow that leaves the bundle: the last place, and no claim that all is well', async () => {
    const text = await said(bundle('ok-ipvs-cross-node-flannel'), [
      '--flow',
      '10.160.0.9 -> 8.8.8.8:53/udp',
      '--from',
      'fn-1/ui',
    ]);
    expect(text).toMatch(/\? The bundle does not show how the flow goes on after fn-1/);
    expect(text).not.toContain('No fault found');
    const chinese = await said(
      bundle('ok-ipvs-cross-node-flannel'),
      ['--flow', '10.160.0.9 -> 8.8.8.8:53/udp', '--from', 'fn-1/ui'],
      'zh-CN',
    );
    expect(chinese).toContain('采集包没有显示该流在 fn-1 之后如何继续');
  });

  test('a flow that was seen to work is not accused, though the state to prove it is missing', async () => {
    const file = await variant('seen', (name, text) =>
      /fn-1\/(?:iptables-save|ipvsadm_-Ln\b)/.test(name) ? undefined : text,
    );
    expect(await said(file, FLOW)).toMatch(/✓ The flow was seen to work/);
  });

  test('healthy and not asked about: no flow is said to fail, none is said to work, and it says how to ask', async () => {
    for (const name of ['submariner-healthy', 'ok-ipvs-cross-node-flannel']) {
      const text = await said(bundle(name), []);
      expect(text).toMatch(/^ \? No flow was asked about, and none in the bundle shows a failure/);
      expect(text).toMatch(/Looked for failing flows in .*conntrack/);
      expect(text).toMatch(new RegExp(`analyze ${name}[^ ]* --flow '[^']+' --from`));
    }
  });
});
