// Status page: `/` for people, plain files without anything from elsewhere.

import { readFile } from 'node:fs/promises'
import type { Routes } from './app.ts'

/** Nothing but our own files runs or is shown, and no page may frame this one. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const FILES = [
  { path: '/', file: 'status.html', type: 'text/html' },
  { path: '/status.js', file: 'status.js', type: 'text/javascript' },
  { path: '/status.css', file: 'status.css', type: 'text/css' },
] as const

export async function statusRoutes(): Promise<Routes> {
  const routes: { [path: string]: Routes[string] } = {}
  for (const { path, file, type } of FILES) {
    const text = await readFile(new URL(file, import.meta.url), 'utf8')
    const headers = {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-cache',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    }
    routes[path] = { GET: () => new Response(text, { headers }) }
  }
  return routes
}
