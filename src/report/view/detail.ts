/** How much of each list goes into the page. The rest is counted, and stands in the JSON output. */
export interface Detail {
  readonly flows: number;
  readonly steps: number;
  readonly rows: number;
  readonly excerpts: number;
  readonly others: number;
  readonly captures: number;
}

export const FULL: Detail = { flows: 6, steps: 200, rows: 200, excerpts: 40, others: 10, captures: 300 };

/** From generous to spare: the first whose page stays under the size limit is taken. */
export const DETAILS: readonly Detail[] = [
  FULL,
  { flows: 3, steps: 120, rows: 100, excerpts: 20, others: 5, captures: 150 },
  { flows: 1, steps: 80, rows: 40, excerpts: 10, others: 3, captures: 60 },
  { flows: 1, steps: 20, rows: 10, excerpts: 4, others: 1, captures: 10 },
];
