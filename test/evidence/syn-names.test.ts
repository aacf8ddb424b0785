import { expect, test } from 'vitest';
import { findCandidates } from '../../src/evidence/candidates.ts';
import { bundleOf } from '../causes/bundle.ts';

/** A refused connection of which conntrack keeps nothing: one capture on the node saw its SYN under three names. */
const NAME = 'hostport-steals';
const ANY = 'hp-1/tcpdump/any.txt';

const questions = (bundle = bundleOf(NAME)) =>
  findCandidates(bundle.network()).map(({ question: q }) => `${q.src} > ${q.dst}:${q.dport}`);

test('a SYN that was translated is the flow that its client asked for, and no other', () => {
  expect(questions()).toEqual(['10.146.0.5 > 10.147.0.1:443']);
});

test('another SYN to the same server is a flow of its own', () => {
  const other = bundleOf(NAME).edited(ANY, /(cni0 {2}Out|vething-0 Out)( IP .*Flags \[S\], seq )\d+/g, '$1$2 77');
  expect(questions(other)).toContain('10.146.0.1 > 10.146.0.9:8443');
});

test('two nodes may see SYNs of one number without knowing that it is one', () => {
  const line = bundleOf(NAME)
    .text(ANY)
    .split('\n')
    .slice(2, 4)
    .map((l) => l.replaceAll('vething-0', 'eth0').replaceAll('10.146.0.1.42072', '10.146.1.77.42072'))
    .join('\n');
  const apart = bundleOf(NAME).withFile('hp-2/tcpdump/any.txt', `${line}\n`);
  expect(questions(apart)).toContain('10.146.1.77 > 10.146.0.9:8443');
});
