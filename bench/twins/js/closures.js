function makeCounter(step) {
  let count = 0;
  return () => {
    count += step;
    return count;
  };
}

const add = (n) => (x) => x + n;
const compose = (f, g) => (x) => f(g(x));

const n = Number(process.argv[2]);
const counters = [1, 2, 3, 4, 5].map(makeCounter);
let total = 0;
for (let i = 0; i < n; i++) {
  for (const tick of counters) total += tick();
  const f = compose(add(i), add(1));
  total += f(3);
}
console.log("checksum " + total);
