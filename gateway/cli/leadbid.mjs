#!/usr/bin/env node
// The `leadbid` program: plain JavaScript, so that npm can link it, and the loader for the rest.

import { register } from 'tsx/esm/api'

register()
const { leadbid } = await import('./main.ts')
process.exitCode = await leadbid(process.argv.slice(2))
