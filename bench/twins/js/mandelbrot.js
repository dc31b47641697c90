function escapesAfter(cr, ci, limit) {
  let zr = 0, zi = 0;
  for (let i = 0; i < limit; i++) {
    const rr = zr * zr, ii = zi * zi;
    if (rr + ii > 4) return i;
    zi = 2 * zr * zi + ci;
    zr = rr - ii + cr;
  }
  return limit;
}

const n = Number(process.argv[2]);
let total = 0, inside = 0;
for (let y = 0; y < n; y++) {
  const ci = (2 * y) / n - 1;
  for (let x = 0; x < n; x++) {
    const steps = escapesAfter((2 * x) / n - 1.5, ci, 50);
    total += steps;
    if (steps === 50) inside++;
  }
}
console.log(`checksum ${total} ${inside}`);
