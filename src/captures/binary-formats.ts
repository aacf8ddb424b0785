import type { BinaryModule } from './binary-module.ts';
import { pcap } from './pcap/pcap.ts';

/** Every format of captures that is no text. */
export const BINARY_FORMATS: readonly BinaryModule[] = [pcap];

/** Bytes of a member's head that tell its format. */
export const BINARY_HEAD = 4;

export const binaryFormatOf = (head: Buffer): BinaryModule | undefined =>
  head.length < BINARY_HEAD ? undefined : BINARY_FORMATS.find((format) => format.isOne(head));
