#!/usr/bin/env node
import { dispatch } from './cli/dispatch.ts';
import { processWorld } from './cli/world.ts';

process.exitCode = await dispatch(process.argv.slice(2), processWorld());
