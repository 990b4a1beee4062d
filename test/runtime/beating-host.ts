// A host that only says it is alive, in a process of its own: `beating-host.ts URL NAME`.

import type { HostId } from '../../actors/protocol/ids.ts'
import { pingSubject } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { Hosts } from '../../actors/runtime/hosts.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, subscribe } from '../../actors/runtime/nats.ts'

const [url = '', name = ''] = process.argv.slice(2)
const host = name as HostId
const log = createLog({ role: 'test' }, 'silent')
const link = await connectNats(readConfig(['--nats-url', url], {}).config, name, log)
const hosts = await Hosts.open(link, log)
subscribe(link.nc, pingSubject(host), log, (msg) => void msg.respond('here'))
const beat = () => hosts.beat(host, { boot: 'b', draining: false, shards: { 0: 1 } })
setInterval(() => void beat().catch(() => {}), 200)
await beat()
