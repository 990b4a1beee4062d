import { csvRows } from './actors/jobs/rows-csv.ts'
import { parse } from 'csv-parse'
import { Readable } from 'node:stream'
const show = async (t: string | Buffer, size=1e9) => { const b=Buffer.from(t as string); const out=[]; try { for await (const r of csvRows((async function*(){for(let o=0;o<b.length;o+=size) yield b.subarray(o,o+size)})())) out.push(r) } catch(e) {console.log('ERR', (e as Error).message)} console.log(JSON.stringify(out).slice(0,1500)) }
await show('\ufeffid;name\r\n1;"a;b"\r\n\r\n2;"x\r\ny ""q"""\r\n3;z')
await show('id,name\n1,12" pizza\n2,"ab"c\n3,"open\n4,ok\n5,"fine"\n6,"never')
await show('id,name\n1,"abc\n2,def\n3,ghi\n')
await show('')
await show('id\n1\n')
await show(Buffer.concat([Buffer.from('id,n\n1,a\n2,'),Buffer.from([0xe9]),Buffer.from('\n')]))
await show('id,n\n1,' + 'x'.repeat(300000)+'\n2,b\n', 1000)
await show('id,n\n0,"q"\n1,"' + 'x\n'.repeat(40000)+'\n2,b\n', 1000)
let csv='id,campaign_id,customer_id,lead_type,city,source,last_activity,stage,pricing_plan,created_at,phone,account_no,amount_due,attributes.age,attributes.tier\n'
const quoted = process.argv[2]==='q'
for (let i=0;i<200000;i++) csv+=`${i+1},4,55,Live,${quoted?'"New Delhi, IN"':'Delhi'},web,2026-01-05T05:00:00Z,new,Pro,2026-01-05T06:00:00Z,+912212345678,A${i},150000,33,gold\n`
const b=Buffer.from(csv); const chunks:Buffer[]=[]; for(let o=0;o<b.length;o+=65536) chunks.push(b.subarray(o,o+65536))
for(let r=0;r<3;r++){ let t=performance.now(), n=0; for await (const row of csvRows(Readable.from(chunks))) n+=row.cells.length; console.log('ours', (performance.now()-t)/200, n)
 t=performance.now(); n=0; for await (const rec of Readable.from(chunks).pipe(parse({}))) n+=rec.length; console.log('csv-parse', (performance.now()-t)/200, n) }
