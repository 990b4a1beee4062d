import '../suite.ts'
