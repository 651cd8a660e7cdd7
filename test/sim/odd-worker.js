/** Stands in for the sweep's worker: fails with seed 5, and dies of seed 3. */
process.on('disconnect', () => process.exit())
process.on('message', (seed) => {
  if (seed === 3) process.exit(7)
  process.send({ failure: seed === 5 ? 'seed 5 fails' : '' })
})
