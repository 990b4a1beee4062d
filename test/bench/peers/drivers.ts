// Drivers: the client of each kind of contender. Only the one asked for is loaded, so that no
// client process carries another's libraries.

import type { Driver, DriverOrder } from './contender.ts'

export async function connectDriver(order: DriverOrder): Promise<Driver> {
  switch (order.kind) {
    case 'nats':
      return await (await import('./nats-driver.ts')).connectNats(order)
    case 'redis':
      return await (await import('./redis-driver.ts')).connectRedis(order)
    case 'postgres':
      return await (await import('./postgres-driver.ts')).connectPostgres(order)
    case 'bullmq':
      return await (await import('./bullmq-driver.ts')).connectBullmq(order)
  }
}
