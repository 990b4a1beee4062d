import { createReadStream } from 'node:fs'
import { importLeads } from './actors/jobs/import.ts'
import { readRows } from './actors/jobs/rows.ts'
import { pack } from './actors/protocol/codec.ts'
import { writeLeadFile } from './test/jobs/lead-file.ts'
import { rowReader } from './actors/jobs/mapping.ts'
import { parseLead } from './actors/protocol/lead.ts'
import { parse } from 'csv-parse'
const q = process.argv[2]==='q'
const N=200000
const f='/tmp/probe/leads'+(q?'q':'')+'.csv'
await writeLeadFile(f,{rows:N, quoted:q})
const best=new Map<string,number>()
const m=async(name:string, fn:()=>Promise<unknown>)=>{ const c=process.cpuUsage(); await fn(); const d=process.cpuUsage(c); const us=(d.user+d.system)/N; best.set(name, Math.min(best.get(name)??1e9, us)) }
for (let r=0;r<5;r++){
let n=0
await m('csv-parse', async()=>{ for await (const row of createReadStream(f).pipe(parse({}))) n++ })
await m('read', async()=>{ for await (const row of await readRows(createReadStream(f))) n++ })
let rd:any=null
await m('read+map', async()=>{ for await (const row of await readRows(createReadStream(f))) { if(!rd) rd=rowReader(row.cells,null,{}); else rd.read(row.cells) }})
rd=null
await m('read+map+parse', async()=>{ for await (const row of await readRows(createReadStream(f))) { if(!rd) rd=rowReader(row.cells,null,{}); else parseLead(rd.read(row.cells).value) }})
await m('all no pack', async()=>{ await importLeads({rows: await readRows(createReadStream(f)), ingest: async (leads)=>{ return {type:'ingested',accepted:leads.length,updated:0,unchanged:0,rejected:[]}}, rejects:()=>undefined})})
await m('all', async()=>{ await importLeads({rows: await readRows(createReadStream(f)), ingest: async (leads)=>{ pack({leads}); return {type:'ingested',accepted:leads.length,updated:0,unchanged:0,rejected:[]}}, rejects:()=>undefined})})
}
console.log(Object.fromEntries([...best].map(([k,v])=>[k,+v.toFixed(2)])))
