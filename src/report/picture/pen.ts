import type { Words } from '../words.ts';
import type { Shape } from './shapes.ts';
import { monoWidth, sansWidth } from './text-width.ts';

/** Distance of a lane's line, and of the text beside it, from the lane's left edge. */
export const SPINE = 24;
export const TEXT_X = 42;

/** Text of the picture's three kinds, in pixels of the unscaled picture: none smaller than 11, to be read on a phone without zooming. */
const LABEL = 13;
const SMALL = 11;
const MONO = 12;
export const mono = (value: string): number => monoWidth(value, MONO);
export const small = (value: string): number => monoWidth(value, SMALL);
export const label = (value: string): number => sansWidth(value, LABEL);
/** Bold type is wider. */
export const boldLabel = (value: string): number => sansWidth(value, LABEL) * 1.12;

/** What drawing a row needs: where the lanes are and where the shapes go. */
export interface Pen {
  readonly shapes: Shape[];
  readonly words: Words;
  readonly laneWidth: number;
  readonly gap: number;
  /** Left edge of a lane. */
  left(lane: number): number;
  spine(lane: number): number;
}

/** A row that was drawn: how high it is, and how far below its top the line of the path meets it. */
export interface Drawn {
  readonly height: number;
  readonly axis: number;
}
