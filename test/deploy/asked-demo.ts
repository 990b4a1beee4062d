// Says when it is asked to end, answers what it reads, and ends when its input does.

import { whenAskedToEnd } from '../../deploy/asked-to-end.ts'

whenAskedToEnd((why) => process.stdout.write(`asked: ${why}\n`))
process.stdin.on('data', () => process.stdout.write('still here\n'))
process.stdin.on('end', () => process.exit(0))
process.stdout.write('ready\n')
