function* numbers(n) {
  for (let i = 0; i < n; i++) yield i;
}

let total = 0;
for (const x of numbers(Number(process.argv[2]))) total += x;
console.log("checksum " + total);
