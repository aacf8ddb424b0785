export const released: (text: string, version: string, day: string) => string;
export const mayFollow: (version: string, before: string) => boolean;
