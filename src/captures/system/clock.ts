/** A printed moment: seconds since the epoch, where its zone is known, and the zone's offset east of UTC in minutes. */
export interface Moment {
  readonly epoch: number | undefined;
  readonly zoneMinutes: number | undefined;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Zone abbreviations that mean one offset all over the world. CST, IST, BST, AST, GST and their like mean several: their time is not known. */
const ZONES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    UTC: 0,
    GMT: 0,
    Z: 0,
    UCT: 0,
    WET: 0,
    WEST: 60,
    CET: 60,
    CEST: 120,
    EET: 120,
    EEST: 180,
    MSK: 180,
    PKT: 300,
    HKT: 480,
    AWST: 480,
    JST: 540,
    KST: 540,
    AEST: 600,
    AEDT: 660,
    NZST: 720,
    NZDT: 780,
    EST: -300,
    EDT: -240,
    CDT: -300,
    MST: -420,
    MDT: -360,
    PST: -480,
    PDT: -420,
  }),
);

/** Minutes of `UTC`, `+0800`, `+08:00`, `+08`; undefined for an abbreviation of several meanings. */
export const zoneMinutes = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const offset = /^([+-])(\d{2}):?(\d{2})?$/.exec(text);
  if (!offset) return ZONES.get(text);
  const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
  return offset[1] === '-' ? -minutes : minutes;
};

interface Parts {
  readonly year: string;
  readonly month: string | number;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly half?: string | undefined;
  readonly zone?: string | undefined;
}

const moment = (parts: Parts): Moment => {
  const zone = zoneMinutes(parts.zone);
  const twelve = Number(parts.hour) % 12;
  const hour = parts.half === undefined ? Number(parts.hour) : /^(?:PM|下午)$/.test(parts.half) ? twelve + 12 : twelve;
  const month = typeof parts.month === 'number' ? parts.month : MONTHS.indexOf(parts.month);
  const local = Date.UTC(
    Number(parts.year),
    month,
    Number(parts.day),
    hour,
    Number(parts.minute),
    Number(parts.second),
  );
  return { epoch: zone === undefined || Number.isNaN(local) ? undefined : local / 1000 - zone * 60, zoneMinutes: zone };
};

const CLOCK = String.raw`(?<hour>\d+):(?<minute>\d\d):(?<second>\d\d)`;
const ZONE = String.raw`(?<zone>Z|[A-Z]{2,}|[+-]\d\d(?::?\d\d)?)`;
const FORMS = [
  new RegExp(
    String.raw`^\w{3},?\s+(?<name>[A-Z][a-z]{2})\s+(?<day>\d+)\s+${CLOCK}(?:\s+(?<half>[AP]M))?(?:\s+${ZONE})?\s+(?<year>\d{4})$`,
  ),
  new RegExp(
    String.raw`^\w{3},?\s+(?<day>\d+)\s+(?<name>[A-Z][a-z]{2})\s+(?<year>\d{4}),?\s+${CLOCK}(?:\s+(?<half>[AP]M))?(?:\s+${ZONE})?$`,
  ),
  new RegExp(String.raw`^(?:\w{3}\s+)?(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[T ]${CLOCK}(?:[.,]\d+)?\s*${ZONE}?$`),
  new RegExp(
    String.raw`^(?<year>\d{4})年\s*(?<month>\d+)月\s*(?<day>\d+)日\s*\D*?(?<half>上午|下午)?\s*${CLOCK}(?:\s+${ZONE})?$`,
  ),
  new RegExp(
    String.raw`^(?<year>\d{4})年\s*(?<month>\d+)月\s*(?<day>\d+)日\s*\D*?(?<half>上午|下午)?\s*(?<hour>\d+)时(?<minute>\d+)分(?<second>\d+)秒(?:\s+${ZONE})?$`,
  ),
];

/** Reads what date(1) or timedatectl(1) printed; undefined where the text is no moment. */
export const readMoment = (text: string): Moment | undefined => {
  if (/^\d{9,}(?:\.\d+)?$/.test(text)) return { epoch: Math.floor(Number(text)), zoneMinutes: undefined };
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups;
    if (!groups) continue;
    const { name, month, year = '', day = '', hour = '', minute = '', second = '', half, zone } = groups;
    return moment({ year, month: name ?? Number(month) - 1, day, hour, minute, second, half, zone });
  }
  return undefined;
};
