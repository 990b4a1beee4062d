import { readRows } from './actors/jobs/rows.ts'
import writeXlsxFile from 'write-excel-file/node'
import { setTimeout as sleep } from 'node:timers/promises'
const show = async (b: Buffer, print=true) => { const t=performance.now(); let n=0; try { for await (const r of readRows((async function*(){yield b})())) { n++; if(print) console.log(JSON.stringify(r)) } } catch(e) {console.log('ERR', e)}; console.log(n, 'rows', performance.now()-t, 'ms', process.memoryUsage().rss/1e6) }
const small = await writeXlsxFile([[{value:'id'},{value:'when'},{value:'x'}],[{value:1},{value:new Date('2026-01-05T10:10:10Z'), format:'yyyy-mm-dd hh:mm:ss'},{value:'a & <b>'}],[null],[{value:0.1},null,{value:true}]] as any, {}).toBuffer()
await show(small)
await show(small)
await show(Buffer.from([0xd0,0xcf,0x11,0xe0,1,2,3]))
const N=Number(process.argv[2]??1000)
const data=[['id','campaign_id','customer_id','lead_type','city','source','last_activity','stage','pricing_plan','created_at','phone','account_no','amount_due','attributes.age','attributes.tier'].map(value=>({value}))] as any[]
for(let i=0;i<N;i++) data.push([{value:i+1},{value:4},{value:55},{value:'Live'},{value:'Delhi'},{value:'web'},{value:'2026-01-05T05:00:00Z'},{value:'new'},{value:'Pro'},{value:'2026-01-05T06:00:00Z'},{value:'+91221'+(2345678+i)},{value:'A'+i},{value:150000},{value:33},{value:'gold'}])
const big = await writeXlsxFile(data).toBuffer()
data.length=0
console.log('big', big.length)
;(globalThis as any).gc?.()
console.log(process.memoryUsage().rss/1e6)
let stall=0, last=performance.now(); const iv=setInterval(()=>{const n=performance.now(); stall=Math.max(stall,n-last-10); last=n},10)
await show(big,false)
clearInterval(iv); console.log('stall',stall)
