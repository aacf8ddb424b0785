/**
 * One measured run in a process of its own, since memory is a process's: `node child.mjs WHAT ARGUMENTS`. Prints CPU seconds from the process's
 * beginning (`cpu`) and peak resident megabytes as one line of JSON on file descriptor 3.
 */
import { createReadStream, writeSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { serviceAddress } from './inputs.mjs';

const dist = (file) => new URL(`../../dist/src/${file}`, import.meta.url);
/** What a user's `analyze` runs. */
const command = fileURLToPath(new URL('../../dist/command/main.js', import.meta.url));
const SLICE = 32 * 1024;

const spent = (before = { user: 0, system: 0 }) => {
  const { user, system } = process.cpuUsage();
  return (user + system - before.user - before.system) / 1e6;
};
const peak = () => process.resourceUsage().maxRSS / 1024;
const tell = (measured) => writeSync(3, `${JSON.stringify(measured)}\n`);

/** Hands a file over in slices that end at a line end. */
const eachSlice = async (file, take) => {
  let carry = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: SLICE })) {
    const block = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const end = block.lastIndexOf(10) + 1;
    if (end > 0) take(block.latin1Slice(0, end));
    carry = block.subarray(end);
  }
  if (carry.length > 0) take(carry.latin1Slice());
};

const read = async (kind, file) => {
  const { moduleFor } = await import(dist('captures/known-formats.js'));
  const input = { kind, file, firstLine: 1, command: undefined, family: undefined, device: undefined };
  const reader = moduleFor(kind).open(input);
  await eachSlice(file, (slice) => reader.read(slice));
  const capture = reader.end();
  if (capture.unread > 0) throw new Error(`${capture.unread} lines of ${file} are unread`);
  return capture;
};

const cut = async (file) => {
  let lines = 0;
  await eachSlice(file, (slice) => {
    for (let at = 0; at < slice.length; ) {
      const end = slice.indexOf('\n', at);
      if (slice.slice(at, end).length >= 0) lines += 1;
      at = end < 0 ? slice.length : end + 1;
    }
  });
  return lines;
};

const networkOf = async (files) => {
  const captures = [];
  for (const [kind, file] of files) captures.push(await read(kind, file));
  const { buildNetwork } = await import(dist('network/build.js'));
  return buildNetwork({ nodes: [{ name: 'node-0', namespaces: [{ name: '', captures }] }] });
};

const flowTo = (service) => ({
  proto: 'tcp',
  src: '10.244.0.77',
  sport: 40000,
  dst: serviceAddress(service),
  dport: 80,
  start: 'node-0',
});

const RUNS = {
  /** The command itself, from its start to the written report. */
  async analyze(...args) {
    process.argv = [process.argv[0], command, 'analyze', ...args];
    await import(pathToFileURL(command).href);
    tell({ cpu: spent(), rss: peak() });
  },

  /** A packet capture; then the loop that only cuts lines, in the same process. */
  async packets(file) {
    const before = process.cpuUsage();
    await read('tcpdump', file);
    const cpu = spent(before);
    const rss = peak();
    const start = process.cpuUsage();
    await cut(file);
    tell({ cpu, rss, other: spent(start) });
  },

  /**
   * Captures (KIND=FILE) of one node, read and put together, and flows walked through them: `first` makes the indexes, `again` is the fastest of the
   * next ones. The network keeps the captures, so `cpu` at the first walk's end is reading and indexing.
   */
  async walk(...captures) {
    const network = await networkOf(captures.map((capture) => capture.split('=')));
    const { walkFlow } = await import(dist('path/walk.js'));
    const walks = [];
    let cpu = 0;
    for (let i = 0; i < 6; i += 1) {
      const before = process.cpuUsage();
      const { branches } = walkFlow(network, flowTo(1 + i));
      walks.push(spent(before));
      cpu ||= spent();
      if (branches.length !== 2) throw new Error(`${branches.length} ways, not one for each pod`);
    }
    const [first, ...others] = walks;
    tell({ cpu, rss: peak(), first, again: Math.min(...others) });
  },
};

const [what, ...args] = process.argv.slice(2);
await RUNS[what](...args);
