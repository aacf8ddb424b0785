import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { BinaryRead } from '../../src/captures/binary-module.ts';
import { pcap } from '../../src/captures/pcap/pcap.ts';
import type { Capture } from '../../src/records/capture.ts';
import type { PacketView } from '../../src/records/packet.ts';

export const FIXTURES = fileURLToPath(new URL('../fixtures/pcap', import.meta.url));

export const bytesOf = (name: string): Buffer => gunzipSync(readFileSync(join(FIXTURES, `${name}.gz`)));

export const readBytes = (bytes: Buffer, piece = bytes.length, device?: string): BinaryRead => {
  const reader = pcap.open({ kind: 'tcpdump', file: 'f', firstLine: 1, command: undefined, family: undefined, device });
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  return reader.end();
};

export const readPcap = (name: string): BinaryRead => readBytes(bytesOf(name));

export const viewsOf = (capture: Capture | undefined): readonly PacketView[] => {
  const table = capture?.data.packets;
  return Array.from({ length: table?.count ?? 0 }, (_, row) => table?.packet(row) as PacketView);
};
