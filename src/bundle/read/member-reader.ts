import { isBanner } from '../../captures/banners.ts';
import { changesRules } from '../../captures/iptables/typed-commands.ts';
import type { CaptureKind } from '../../records/capture.ts';
import { kindOfContent, SNIFFED } from '../layouts/content.ts';
import type { NameFacts } from '../layouts/member-name.ts';
import { undressed } from '../paste/dress.ts';
import { hostBlockIn } from '../paste/host-block.ts';
import { promptIn } from '../paste/prompt.ts';
import { EmbeddedReader } from './embedded-reader.ts';
import type { Found } from './finding.ts';
import { bareCommand, headerIn } from './header.ts';
import { OutputReader } from './output-reader.ts';
import { type TextMember, TextReader } from './text-reader.ts';

/** One member: a single output, or a text with several or with something around one, which its name and its first 4 KiB tell. */
export class MemberReader {
  readonly #member: TextMember;
  #head = '';
  #text: TextReader | EmbeddedReader | undefined;
  #single: OutputReader | undefined;

  constructor(path: string, file: string, facts: NameFacts, mtime: number | undefined) {
    this.#member = { path, file, facts, mtime };
  }

  push(slice: string): void {
    const reader = this.#text ?? this.#single;
    if (reader) {
      reader.push(slice);
      return;
    }
    this.#head += slice;
    if (this.#head.length >= SNIFFED) this.#begin();
  }

  /** Whether the member is one output, whose reader takes lines as bytes. */
  get takesBytes(): boolean {
    return this.#single?.takesBytes === true;
  }

  pushBytes(lines: Buffer): void {
    this.#single?.pushBytes(lines);
  }

  end(partial: boolean): readonly Found[] {
    if (!this.#text && !this.#single) this.#begin();
    if (this.#text) return this.#text.end(partial);
    const { path, facts, mtime } = this.#member;
    const read = this.#single?.end(partial);
    if (!read) return [];
    const kind = captureKind(facts.kind);
    return [
      {
        path,
        ...read,
        command: facts.command,
        node: facts.node,
        namespace: facts.namespace,
        pod: facts.pod,
        label: facts.label,
        byContent: kind === undefined || (facts.common && kind !== read.kind),
        mtime,
      },
    ];
  }

  #begin(): void {
    const head = this.#head;
    const { facts, file } = this.#member;
    this.#head = '';
    if (isText(head, facts)) {
      this.#text = EmbeddedReader.of(this.#member, head) ?? new TextReader(this.#member);
      this.#text.push(head);
      return;
    }
    const { common, command, family, device } = facts;
    this.#single = new OutputReader({
      file,
      firstLine: 1,
      kind: captureKind(facts.kind),
      common,
      command,
      family,
      device,
    });
    this.#single.push(head);
  }
}

const captureKind = (kind: NameFacts['kind']): CaptureKind | undefined =>
  kind === 'many' || kind === 'skip' || kind === 'clock' ? undefined : kind;

const DOCUMENT =
  /^\s*(?:[[{]\s{0,80}["[{]|---\s{0,8}\n\s{0,80}[\w-]{1,40}: ?|(?:apiVersion|kind|items|metadata): ?|- apiVersion: )/;

/** A file whose name says one output may still hold a prompt, several machines, or what a client wrote around it; comments of iptables-save and the like are none of these. */
const isText = (head: string, facts: NameFacts): boolean => {
  if (facts.kind === 'many') return true;
  // A document of objects that somebody named after nothing.
  if (facts.kind === undefined) return !(DOCUMENT.test(head) && kindOfContent(head.slice(0, SNIFFED)) !== undefined);
  const given = head
    .slice(0, SNIFFED)
    .split('\n')
    .map((text, i) => ({ text, number: i + 1 }));
  const [first] = given;
  if (first && bareCommand(first.text)) return true;
  if (undressed(given).some((line, i) => line.text !== given[i]?.text)) return true;
  return given.some(({ text }, i) => {
    const header = headerIn(text);
    if (header?.command?.named || header?.collected || header?.fence) return true;
    return (
      isBanner(text) ||
      changesRules(text) ||
      promptIn(text)?.command?.named !== undefined ||
      hostBlockIn(text, given[i - 1]?.text, given[i + 1]?.text) !== undefined
    );
  });
};
