/** What the pictures are made of. The template prints these and nothing else, so that every captured text goes through its escaping. */

export interface TextRun {
  readonly text: string;
  /** Class of the run: `old`, `new`, `muted` …; '' for none. */
  readonly look: string;
}
export type Shape =
  | {
      readonly rect: {
        readonly x: number;
        readonly y: number;
        readonly width: number;
        readonly height: number;
        readonly radius: number;
        readonly look: string;
      };
    }
  | { readonly path: { readonly d: string; readonly look: string } }
  | { readonly circle: { readonly x: number; readonly y: number; readonly r: number; readonly look: string } }
  | {
      readonly text: {
        readonly x: number;
        readonly y: number;
        readonly anchor: 'start' | 'middle' | 'end';
        readonly look: string;
        readonly runs: readonly TextRun[];
      };
    };

/** A picture with its text equivalent. */
export interface Picture {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
  readonly shapes: readonly Shape[];
}

const n = (value: number): string => String(Math.round(value * 10) / 10);

export const rect = (x: number, y: number, width: number, height: number, look: string, radius = 6): Shape => ({
  rect: { x, y, width, height, radius, look },
});
export const circle = (x: number, y: number, r: number, look: string): Shape => ({ circle: { x, y, r, look } });
export const line = (x1: number, y1: number, x2: number, y2: number, look: string): Shape => ({
  path: { d: `M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}`, look },
});
/** A triangle whose tip is at x, y. */
export const arrowhead = (x: number, y: number, direction: 'left' | 'right', look: string): Shape => {
  const back = direction === 'right' ? -9 : 9;
  return { path: { d: `M${n(x)} ${n(y)}l${back} -5v10z`, look } };
};
/** A cross with its centre at x, y. */
export const cross = (x: number, y: number, size: number, look: string): Shape => ({
  path: {
    d: `M${n(x - size)} ${n(y - size)}L${n(x + size)} ${n(y + size)}M${n(x + size)} ${n(y - size)}L${n(x - size)} ${n(y + size)}`,
    look,
  },
});
export const tick = (x: number, y: number, size: number, look: string): Shape => ({
  path: {
    d: `M${n(x - size)} ${n(y)}L${n(x - size * 0.25)} ${n(y + size * 0.75)}L${n(x + size)} ${n(y - size * 0.8)}`,
    look,
  },
});
export const words = (
  x: number,
  y: number,
  text: string | readonly TextRun[],
  look: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
): Shape => ({ text: { x, y, anchor, look, runs: typeof text === 'string' ? [{ text, look: '' }] : text } });
