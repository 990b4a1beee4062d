#!/usr/bin/env node
// The `leadbid` program: plain JavaScript, so that npm can link it, and the loader for the rest.

import { register } from 'tsx/esm/api'

register()
const { leadbid } = await import('./main.ts')
const code = await leadbid(process.argv.slice(2))
// An attempt to connect that was given up may hold the process for many seconds more.
process.stdout.write('', () => process.exit(code))
