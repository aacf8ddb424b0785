import { describe, expect, test } from 'vitest';
import type { WalkBranch } from '../../src/path/walk-result.ts';
import { capturePoints, journeysOf } from '../../src/report/picture/journeys.ts';
import { pathPicture } from '../../src/report/picture/path-picture.ts';
import { pathRows } from '../../src/report/picture/path-rows.ts';
import { fitted, sansWidth, terminalWidth } from '../../src/report/picture/text-width.ts';
import { laneOrder } from '../../src/report/view/flow-view.ts';
import { Words } from '../../src/report/words.ts';
import { sampleAnalysis } from './sample-analysis.ts';
import { tcpPacket } from './sample-packets.ts';
import { sampleWalk } from './sample-walk.ts';

const branch = sampleWalk.branches[0] as WalkBranch;
const evidence = sampleAnalysis.flows[0]?.evidence;
const packets = evidence?.packets ?? [];

describe('rows of the path', () => {
  test('a lane per namespace, in the order in which the flow meets them', () => {
    expect(pathRows(branch, false).lanes.map((lane) => [lane.node, lane.namespace])).toEqual([
      ['cloud-gw', ''],
      ['edge-gw', ''],
      ['edge-gw', 'nginx'],
    ]);
  });

  test('crossings carry the packet that crosses: ESP between the gateways, plain into the pod', () => {
    const crossings = pathRows(branch, false).legs.flatMap(({ rows }) => rows.filter((row) => row.kind === 'crossing'));
    expect(crossings.map((row) => [row.from, row.to, row.packet.proto])).toEqual([
      [0, 1, 'esp'],
      [1, 2, 'tcp'],
      [2, 1, 'tcp'],
      [1, 0, 'esp'],
    ]);
  });

  test('the last step of a dropped leg is the place of death, and only it', () => {
    const looks = pathRows(branch, false).legs.flatMap(({ rows }) =>
      rows.flatMap((row) => (row.kind === 'step' ? [row.look] : [])),
    );
    expect(looks.filter((look) => look === 'death')).toHaveLength(1);
    expect(looks.at(-1)).toBe('death');
    expect(looks.filter((look) => look === 'arrival')).toHaveLength(1);
  });

  test('a packet lost between two nodes ends in a crossing that does not arrive, with a lane for the node that it never reaches', () => {
    const lost: WalkBranch = {
      ...branch,
      reply: undefined,
      forward: {
        ...branch.forward,
        steps: branch.forward.steps.filter(({ node }) => node === 'cloud-gw'),
        end: { outcome: 'lost', node: null, namespace: '', between: ['cloud-gw', 'edge-gw'], reason: 'lost' },
      },
    };
    const { lanes, legs } = pathRows(lost, false);
    expect(lanes.map((lane) => lane.node)).toEqual(['cloud-gw', 'edge-gw']);
    expect(legs[0]?.rows.at(-1)).toMatchObject({ kind: 'crossing', from: 0, to: 1, lost: true });
  });

  test('a sender or receiver outside of the bundle has a lane of its own', () => {
    const out: WalkBranch = {
      ...branch,
      reply: undefined,
      forward: {
        ...branch.forward,
        steps: branch.forward.steps.filter(({ node }) => node === 'cloud-gw'),
        end: { outcome: 'unknown', node: null, namespace: '', between: undefined, reason: 'outside' },
      },
    };
    const { lanes, legs } = pathRows(out, true);
    expect(lanes.map((lane) => lane.outside)).toEqual([true, false]);
    expect(legs[0]?.rows[0]).toMatchObject({ kind: 'packet', lane: 0 });
    expect(legs[0]?.rows.at(-1)).toMatchObject({ kind: 'end', lane: 0, outcome: 'outside' });
  });

  test('a long run of steps that only pass is counted, not drawn', () => {
    const pass = branch.forward.steps[0];
    if (!pass) throw new Error('no step');
    const long: WalkBranch = {
      ...branch,
      forward: { ...branch.forward, steps: [...Array.from({ length: 40 }, () => pass), ...branch.forward.steps] },
    };
    const rows = pathRows(long, false).legs[0]?.rows ?? [];
    expect(rows.length).toBeLessThan(40);
    expect(rows.find((row) => row.kind === 'more')).toMatchObject({ lane: 0 });
  });

  test('a refusal is a leg of its own', () => {
    const refused: WalkBranch = {
      ...branch,
      reply: undefined,
      refusal: branch.reply && { ...branch.reply, direction: 'refusal' },
    };
    expect(pathRows(refused, false).legs.map((leg) => leg.name)).toEqual(['forward', 'refusal']);
  });
});

describe('the picture', () => {
  const draw = (walked: WalkBranch) =>
    pathPicture('p', walked, new Words('en'), { startsOutside: false, title: 't', description: 'd' });

  test('keeps every text inside', () => {
    const picture = draw(branch);
    for (const shape of picture.shapes)
      if ('text' in shape) {
        expect(shape.text.x).toBeGreaterThanOrEqual(0);
        expect(shape.text.x).toBeLessThanOrEqual(picture.width);
        expect(shape.text.y).toBeLessThanOrEqual(picture.height);
      }
  });

  test('draws tunnels as tubes, rewritten names struck and new, one death', () => {
    const { shapes } = draw(branch);
    const looks = shapes.flatMap((shape) =>
      'rect' in shape ? [shape.rect.look] : 'circle' in shape ? [shape.circle.look] : [],
    );
    expect(looks.filter((look) => look === 'tube')).toHaveLength(2);
    expect(looks.filter((look) => look === 'deathdot')).toHaveLength(1);
    const runs = shapes.flatMap((shape) => ('text' in shape ? shape.text.runs : []));
    expect(runs).toContainEqual({ text: '10.255.31.243:80', look: 'old' });
    expect(runs).toContainEqual({ text: '10.233.68.67:80', look: 'new' });
  });

  test('has room for IPv6', () => {
    const long = tcpPacket(
      '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff',
      45026,
      '2001:db8:1111:2222:3333:4444:5555:6666',
      8080,
      'syn',
    );
    const steps = branch.forward.steps.map((step) => ({ ...step, before: long, after: long }));
    const { shapes } = draw({ ...branch, reply: undefined, forward: { ...branch.forward, packet: long, steps } });
    const text = shapes.flatMap((shape) => ('text' in shape ? [shape.text.runs.map((run) => run.text).join('')] : []));
    expect(text.some((part) => part.includes('[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:45026'))).toBe(true);
  });

  test('of a walk without a step is empty, not broken', () => {
    const picture = draw({ ...branch, reply: undefined, forward: { ...branch.forward, steps: [] } });
    expect(Number.isFinite(picture.width) && Number.isFinite(picture.height)).toBe(true);
  });
});

describe('journeys of packets', () => {
  const order = laneOrder(branch);
  const points = capturePoints(packets, order);
  const journeys = journeysOf(packets, points, new Map([['edge-gw', -0.00013]]));

  test('capture points stand in the order of the way', () => {
    expect(points.map((point) => `${point.namespace} ${point.device}`)).toEqual([
      'cloud-gw eth0',
      'edge-gw eth0',
      'edge-gw vethnginx',
      'edge-gw/nginx eth0',
    ]);
  });

  test('the SYN is one packet at five sightings: ESP, ESP, decrypted, veth, pod', () => {
    const syn = journeys[0];
    expect(syn?.leg).toBe('forward');
    expect(syn?.sightings.map(({ packet, point }) => [point, packet.wrapping])).toEqual([
      [0, 'esp'],
      [1, 'esp'],
      [1, 'plain'],
      [2, 'plain'],
      [3, 'plain'],
    ]);
  });

  test('retransmissions are journeys of their own, and each is joined to its own ESP packet', () => {
    const answers = journeys.filter((journey) => journey.leg === 'reply');
    expect(answers).toHaveLength(5);
    expect(answers.map((journey) => journey.repeat)).toEqual([0, 1, 2, 3, 4]);
    for (const { sightings } of answers) {
      const esp = sightings.filter(({ packet }) => packet.wrapping === 'esp').map(({ packet }) => packet.view.espSeq);
      expect(esp).toHaveLength(2);
      expect(new Set(esp).size).toBe(1);
    }
  });

  test('every packet is in exactly one journey', () => {
    expect(journeys.flatMap((journey) => journey.sightings)).toHaveLength(packets.length);
  });

  test('packets without a time are still in the ladder', () => {
    const timeless = packets.slice(0, 3).map((packet) => ({ ...packet, view: { ...packet.view, time: undefined } }));
    expect(journeysOf(timeless, capturePoints(timeless, order), new Map()).flatMap((j) => j.sightings)).toHaveLength(3);
  });
});

describe('widths', () => {
  test('a Chinese character is two columns and a full em', () => {
    expect(terminalWidth('a中')).toBe(3);
    expect(sansWidth('中', 10)).toBe(10);
  });

  test('a text is cut to its room, with an ellipsis', () => {
    expect(fitted('abcdef', 3, (text) => text.length)).toBe('ab…');
    expect(fitted('abc', 3, (text) => text.length)).toBe('abc');
    expect(fitted('abc', 0, (text) => text.length)).toBe('a…');
  });
});
