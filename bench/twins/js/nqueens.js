function solve(row, n, columns, down, up) {
  if (row === n) return 1;
  let found = 0;
  for (let column = 0; column < n; column++) {
    if (columns.has(column) || down.has(row + column) || up.has(row - column)) continue;
    columns.add(column);
    down.add(row + column);
    up.add(row - column);
    found += solve(row + 1, n, columns, down, up);
    columns.delete(column);
    down.delete(row + column);
    up.delete(row - column);
  }
  return found;
}

const n = Number(process.argv[2]);
let found = 0;
for (let column = 0; column < n >> 1; column++) {
  found += solve(1, n, new Set([column]), new Set([column]), new Set([-column]));
}
console.log("checksum " + found);
