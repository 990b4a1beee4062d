// App: a table of routes as a Hono application, with what every route has in common: who may ask,
// 404 and 405 in the error shape, a count of responses, and no thrown error that goes further.

import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { EngineError } from '../../actors/protocol/errors.ts'
import type { Log } from '../../actors/runtime/log.ts'
import type { Metrics } from './metrics.ts'
import { faultResponse, thrownResponse } from './responses.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
export type Ctx = Context<{ Bindings: HttpBindings }>
export type Handler = (c: Ctx) => Response | Promise<Response>

/** A path with its handlers by method, `:name` standing for one step. */
export type Routes = { readonly [path: string]: { readonly [method in Method]?: Handler } }

export interface AppParts {
  log: Log
  metrics: Metrics
}

export function createApp(routes: Routes, { log, metrics }: AppParts) {
  const app = new Hono<{ Bindings: HttpBindings }>()
  const finish = (route: string, response: Response): Response => {
    metrics.responded(route, response.status)
    return response
  }
  const guarded = (route: string, handler: Handler) => async (c: Ctx) => {
    try {
      return finish(route, refusedCaller(c) ?? (await handler(c)))
    } catch (error) {
      return finish(route, thrownResponse(error) ?? failed(log, route, error))
    }
  }
  for (const [path, handlers] of Object.entries(routes)) {
    for (const [method, handler] of Object.entries(handlers)) {
      app.on(method, path, guarded(path, handler))
    }
    const allowed = Object.keys(handlers).join(', ')
    app.all(path, (c) => finish(path, wrongMethod(c, allowed)))
  }
  app.notFound((c) => {
    const message = `no such path: ${c.req.path} (see section 4 of the contract)`
    return finish('unmatched', faultResponse({ code: 'NOT_FOUND', message }))
  })
  app.onError((error) => finish('unmatched', failed(log, 'unmatched', error)))
  return app
}

function wrongMethod(c: Ctx, allowed: string): Response {
  const message = `${c.req.method} is not possible on ${c.req.path}: use ${allowed}`
  return faultResponse({ code: 'METHOD_NOT_ALLOWED', message }, { allow: allowed })
}

/** Ours to explain, not the caller's: no text of the error leaves, or enters the log. */
function failed(log: Log, route: string, error: unknown): Response {
  // A message may quote what was sent, and with it a phone number; where it was thrown does not.
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 7) : []
  log.error(
    {
      route,
      name: error instanceof Error ? error.name : typeof error,
      code: error instanceof EngineError ? error.code : undefined,
      at: frames.filter((line) => line.startsWith('    at ')).map((line) => line.trim()),
    },
    'http handler failed',
  )
  return faultResponse({ code: 'INTERNAL', message: 'the gateway failed; its log says where' })
}

/**
 * There is no password here: being on this machine is the permission. A page of another site open
 * in a browser on this machine is not, whether it asks by our address (its `Origin` is another) or
 * by a name of its own that it has pointed at 127.0.0.1 (then `Host` is that name).
 */
function refusedCaller(c: Ctx): Response | null {
  const { host, origin } = c.env.incoming.headers
  if (host !== undefined && !isLoopback(host)) {
    const message = `Host is ${host}: ask for 127.0.0.1 (a proxy in front must set Host to it)`
    return faultResponse({ code: 'FORBIDDEN', message })
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return faultResponse({ code: 'FORBIDDEN', message: `pages of ${origin} may not use this API` })
  }
  return null
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)
}
