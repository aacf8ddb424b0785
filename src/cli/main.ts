#!/usr/bin/env node
import { main } from './program.ts';

// A reader that has gone (`analyze … | head`) has all that it wanted; the report file is written all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await main(process.argv.slice(2));
