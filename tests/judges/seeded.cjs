// Preloaded into aimock: its dice fall the same way in every run (mulberry32). Which request gets which still depends on
// the order they arrive in.
let state = Number(process.env.DICE_SEED) >>> 0;

Math.random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
