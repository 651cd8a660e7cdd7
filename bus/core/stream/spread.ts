/** Spreads indices over seats: of seats that are equal the one with the highest number gets it. */

export function mix(index: number, seat: number): number {
  const low = Math.imul(index ^ Math.imul(seat, 0x9e3779b1), 0x85ebca6b)
  return (low ^ (low >>> 13)) >>> 0
}
