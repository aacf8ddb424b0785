export type BundleErrorCode =
  | 'not-found'
  | 'not-readable'
  | 'not-an-archive'
  | 'empty'
  | 'no-captures'
  | 'packet-capture'
  | 'encrypted'
  | 'too-large'
  | 'corrupt';

const REASON: Readonly<Record<BundleErrorCode, string>> = {
  'not-found': 'no such file or folder',
  'not-readable': 'cannot be read',
  'not-an-archive': 'neither an archive nor a text file',
  empty: 'there is nothing in it',
  'no-captures': 'readable, but holds no capture that is known',
  'packet-capture':
    'a packet capture (pcap) of which no packet could be read; tcpdump -nn -r FILE may print it as text',
  encrypted: 'encrypted; decrypt it first',
  'too-large': 'larger than is sane for a support bundle',
  corrupt: 'damaged, and nothing before the damage is a capture',
};

/** The bundle as a whole cannot be read. `message` is one line for the user; `detail` is the part that differs from case to case. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: BundleErrorCode;
  readonly file: string;
  readonly detail: string | undefined;

  constructor(code: BundleErrorCode, file: string, detail?: string) {
    super(`${file}: ${REASON[code]}${detail === undefined ? '' : ` (${detail})`}`);
    this.code = code;
    this.file = file;
    this.detail = detail;
  }
}
