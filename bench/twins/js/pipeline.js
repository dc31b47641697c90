function* source(n) {
  let x = 42;
  for (let i = 0; i < n; i++) {
    x = (x * 1103 + 12345) % 65536;
    yield x;
  }
}

function* scale(items, factor) {
  for (const x of items) yield x * factor;
}

function* dropMultiples(items, k) {
  for (const x of items) if (x % k !== 0) yield x;
}

function* differences(items) {
  let last = 0;
  for (const x of items) {
    yield x - last;
    last = x;
  }
}

function* clamp(items, low, high) {
  for (const x of items) yield x < low ? low : x > high ? high : x;
}

let total = 0;
const n = Number(process.argv[2]);
for (const x of clamp(differences(dropMultiples(scale(source(n), 3), 7)), -50000, 60000)) total += x;
console.log("checksum " + total);
