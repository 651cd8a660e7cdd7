/** Stands in for the sweep's worker: fails with seed 5, dies of seed 3, and never ends seed 21. */
process.on('disconnect', () => process.exit())
process.on('message', (seed) => {
  if (seed === 3) process.exit(7)
  while (seed === 21);
  process.send({ failure: seed === 5 ? 'seed 5 fails' : '' })
})
