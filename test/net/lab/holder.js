/** Opens a lab and holds it until its parent says how to die. */

const [, , compiled] = process.argv
const { openLab } = await import(compiled)

process.on('message', (word) => {
  if (word === 'throw') throw new Error('the test died')
  process.exit(0)
})

const lab = await openLab({ a: ['a1', 'a2'] })
const sleeper = lab.host('a1').spawn('sleep', ['600'])
process.send({ id: lab.id, sleeper: sleeper.pid })
