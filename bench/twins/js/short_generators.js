function* triple(i) {
  yield i;
  yield i + 1;
  yield i + 2;
}

const n = Number(process.argv[2]);
let total = 0;
for (let i = 0; i < n; i++) {
  for (const x of triple(i)) total += x;
}
console.log("checksum " + total);
