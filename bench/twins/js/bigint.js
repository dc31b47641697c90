function factorial(n) {
  let result = 1n;
  for (let i = 2; i <= n; i++) result *= BigInt(i);
  return result;
}

function fibonacci(n) {
  let a = 0n, b = 1n;
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return a;
}

function digitsOfPi(n) {
  const digits = [];
  let q = 1n, r = 0n, t = 1n, k = 1n, m = 3n, x = 3n;
  while (digits.length < n) {
    if (4n * q + r - t < m * t) {
      digits.push(m);
      [q, r, m] = [10n * q, 10n * (r - m * t), (10n * (3n * q + r)) / t - 10n * m];
    } else {
      [q, r, t, k, m, x] = [q * k, (2n * q + r) * x, t * x, k + 1n, (q * (7n * k + 2n) + r * x) / (t * x), x + 2n];
    }
  }
  return digits;
}

const n = Number(process.argv[2]);
const prime = 1000000007n;
const f = factorial(n);
const g = fibonacci(10 * n);
let checksum = ((f % prime) + (g % prime)) % prime;
const product = f * g;
checksum = (checksum * 31n + ((product / (g + 1n)) % prime)) % prime;
checksum = (checksum * 31n + (3n ** BigInt(5 * n)) % prime) % prime;
for (const digit of digitsOfPi(Math.floor(n / 3))) checksum = (checksum * 31n + digit) % prime;
const text = fibonacci(2 * n).toString();
console.log(`checksum ${checksum} ${text.length} ${text.slice(-12)}`);
