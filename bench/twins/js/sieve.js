function primesBelow(n) {
  const flags = new Array(n).fill(true);
  flags[0] = flags[1] = false;
  for (let i = 2; i * i < n; i++) {
    if (flags[i]) for (let j = i * i; j < n; j += i) flags[j] = false;
  }
  const primes = [];
  for (let i = 0; i < n; i++) if (flags[i]) primes.push(i);
  return primes;
}

const n = Number(process.argv[2]);
let total = 0;
for (let round = 0; round < 3; round++) {
  const primes = primesBelow(n);
  total += primes.length + primes[primes.length - 1] + primes.reduce((a, b) => a + b, 0);
}
console.log("checksum " + total);
