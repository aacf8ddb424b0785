/** Whether this process has read, analysed and written a page: what has been compiled by then is what most runs need (bundled-program.ts). */
export const wentThrough = { all: false };
