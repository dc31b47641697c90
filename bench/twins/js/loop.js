const n = Number(process.argv[2]);
let total = 0;
for (let i = 0; i < n; i++) {
  for (let j = 0; j < 100; j++) {
    if ((i + j) % 3 === 0) total += i * j;
    else total -= j;
  }
}
console.log("checksum " + total);
