#!/usr/bin/env node
import { dispatch } from './cli/dispatch.ts';
import { tuneV8 } from './cli/v8-tuning.ts';
import { processWorld } from './cli/world.ts';

tuneV8();
process.exitCode = await dispatch(process.argv.slice(2), processWorld());
