import { readRows } from './actors/jobs/rows.ts'
import writeXlsxFile from 'write-excel-file/node'
import { readFileSync, writeFileSync, existsSync, createReadStream } from 'node:fs'
const N=Number(process.argv[2]??1000)
const f=`/tmp/probe/big${N}.xlsx`
if(!existsSync(f)){
const data=[['id','campaign_id','customer_id','lead_type','city','source','last_activity','stage','pricing_plan','created_at','phone','account_no','amount_due','attributes.age','attributes.tier'].map(value=>({value}))] as any[]
for(let i=0;i<N;i++) data.push([{value:i+1},{value:4},{value:55},{value:'Live'},{value:'Delhi'},{value:'web'},{value:'2026-01-05T05:00:00Z'},{value:'new'},{value:'Pro'},{value:'2026-01-05T06:00:00Z'},{value:'+91221'+(2345678+i)},{value:'A'+i},{value:150000},{value:33},{value:'gold'}])
await writeXlsxFile(data).toFile(f); process.exit()
}
const rss0=process.memoryUsage.rss(); let max=0; const iv=setInterval(()=>{max=Math.max(max,process.memoryUsage.rss())},20)
const t=performance.now(); let n=0
try { for await (const r of await readRows(createReadStream(f))) n++ } catch(e){console.log(e)}
clearInterval(iv); console.log(n, performance.now()-t, 'ms rss growth', (max-rss0)/1e6)
