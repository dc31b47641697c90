function* counter(start) {
  for (let i = start; ; i++) yield i;
}

const n = Number(process.argv[2]);
const counters = [];
for (let i = 0; i < n; i++) counters.push(counter(i));
let total = 0;
for (let round = 0; round < 3; round++) {
  for (const c of counters) total += c.next().value;
}
console.log("checksum " + total);
