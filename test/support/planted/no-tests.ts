import { suite } from '../suite.ts'

const test = suite('no tests')
test.run()
