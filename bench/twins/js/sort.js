function check(values) {
  let checksum = 0;
  for (let i = 0; i < values.length; i += 17) checksum = (checksum * 31 + values[i]) % 1000000007;
  return checksum;
}

const n = Number(process.argv[2]);
const values = [];
let seed = 42;
for (let i = 0; i < n; i++) {
  seed = (seed * 16807) % 2147483647;
  values.push(seed);
}
const ascending = values.slice().sort((a, b) => a - b);
const floats = values.map((x) => x / 3).sort((a, b) => a - b);
const names = values.map((x) => "n" + x).sort();
const records = values.map((x) => [x % 1000, x]).sort((a, b) => b[0] - a[0]);
const middle = Math.floor(n / 2);
console.log(`checksum ${check(ascending)} ${floats[middle].toFixed(6)} ${names[middle]} ${check(records.map((r) => r[1]))}`);
