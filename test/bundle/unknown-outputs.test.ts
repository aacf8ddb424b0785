import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unknownOutputs } from '../../src/bundle/read/unknown-outputs.ts';
import { analyze } from '../../src/judging/analyze.ts';

const written = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'unknown-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

const TABLE = 'PEER          UP     VIA\n192.0.2.14    yes    bond3\n192.0.2.15    no     bond3\n';
const PASTED = `Why is the second peer away?\n\n\`\`\`\nroot@edge7:~# fabricctl peers --token=Zk9Qm2Lw8Xt4Rv6N\n${TABLE}\`\`\`\n`;

describe('outputs that nothing reads', () => {
  test('a paste of nothing else is reported, not refused: what was pasted, and what to collect on the machine of its prompt', async () => {
    const analysis = await analyze(join(written({ 'ticket.txt': PASTED }), 'ticket.txt'), { flows: [] });
    expect(analysis.verdict).toMatchObject({ code: 'not-enough' });
    expect(analysis.bundle.nodes.map(({ name }) => name)).toEqual(['edge7']);
    expect(analysis.unread.map(({ source }) => source.line)).toEqual([4, 5, 6, 7]);
    expect(analysis.verdict.evidence.map(({ source }) => source.line)).toEqual([4, 5, 6, 7]);
    expect(analysis.notes.find(({ code }) => code === 'unknown-output')?.values).toMatchObject({
      file: 'ticket.txt',
      line: 4,
      command: expect.stringContaining('fabricctl peers'),
    });
    expect(analysis.collect.map(({ where }) => where)).toContain('edge7');
    expect(
      JSON.stringify([...(analysis.quotes.get('ticket.txt') ?? []), analysis.unread, analysis.notes]),
    ).not.toContain('Zk9Qm2Lw8Xt4Rv6N');
  });

  test('rows with addresses in a file without its command', async () => {
    const folder = written({ 'edge7/peers.txt': TABLE, 'edge8/peers.txt': TABLE });
    const analysis = await analyze(folder, { flows: [] });
    expect(analysis.verdict.code).toBe('not-enough');
    expect(analysis.bundle.nodes.map(({ name }) => name).sort()).toEqual(['edge7', 'edge8']);
  });

  test('a flow that is asked about is not followed, and not called healthy', async () => {
    const path = join(written({ 'ticket.txt': PASTED }), 'ticket.txt');
    const analysis = await analyze(path, {
      flows: [
        {
          proto: 'tcp',
          src: { kind: 'address', address: '192.0.2.14' },
          dst: { kind: 'address', address: '192.0.2.15', port: 443 },
          from: undefined,
        },
      ],
    });
    expect(analysis).toMatchObject({ verdict: { code: 'not-enough' }, rootCauses: [] });
  });

  test.each([
    ['a letter', 'Dear colleagues,\n192.0.2.14 cannot reach the database since we moved it.\nPlease have a look.\n'],
    ['a command without output', 'root@edge7:~# fabricctl peers\n\nIt prints nothing at all.\n'],
    ['words', 'alpha\nbeta\ngamma\n'],
    ['versions and times', 'tool 1.2.3\n12:30:45 started\n12:31:00 stopped\n'],
  ])('%s is none', (_, text) => {
    expect(unknownOutputs('a.txt', text)).toEqual([]);
  });

  test('a letter is refused as it was', async () => {
    const path = join(written({ 'letter.txt': 'Dear colleagues,\nit does not work since Monday.\n' }), 'letter.txt');
    await expect(analyze(path, { flows: [] })).rejects.toMatchObject({ code: 'no-captures' });
  });
});
