import { createReadStream } from 'node:fs'
import { importLeads } from './actors/jobs/import.ts'
import { readRows } from './actors/jobs/rows.ts'
import { pack } from './actors/protocol/codec.ts'
import { writeLeadFile } from './test/jobs/lead-file.ts'
import { rowReader } from './actors/jobs/mapping.ts'
import { parseLead } from './actors/protocol/lead.ts'
const q = process.argv[2]==='q'
const f='/tmp/probe/leads'+(q?'q':'')+'.csv'
await writeLeadFile(f,{rows:500000, quoted:q})
for (let r=0;r<2;r++){
let t=performance.now(); let n=0
for await (const row of await readRows(createReadStream(f))) n++
console.log('read', (performance.now()-t)/500)
t=performance.now(); let rd:any=null
for await (const row of await readRows(createReadStream(f))) { if(!rd) rd=rowReader(row.cells,null,{}); else rd.read(row.cells) }
console.log('read+map', (performance.now()-t)/500)
t=performance.now(); rd=null
for await (const row of await readRows(createReadStream(f))) { if(!rd) rd=rowReader(row.cells,null,{}); else parseLead(rd.read(row.cells).value) }
console.log('read+map+parse', (performance.now()-t)/500)
t=performance.now()
await importLeads({rows: await readRows(createReadStream(f)), ingest: async (leads)=>{ pack({leads}); return {type:'ingested',accepted:leads.length,updated:0,unchanged:0,rejected:[]}}, rejects:()=>undefined})
console.log('all', (performance.now()-t)/500)
}
