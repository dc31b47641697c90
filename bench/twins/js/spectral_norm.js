function element(i, j) {
  return 1 / (Math.floor(((i + j) * (i + j + 1)) / 2) + i + 1);
}

function times(v) {
  const n = v.length, result = [];
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += element(i, j) * v[j];
    result.push(total);
  }
  return result;
}

function timesTransposed(v) {
  const n = v.length, result = [];
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += element(j, i) * v[j];
    result.push(total);
  }
  return result;
}

const n = Number(process.argv[2]);
let u = new Array(n).fill(1), v;
for (let i = 0; i < 10; i++) {
  v = timesTransposed(times(u));
  u = timesTransposed(times(v));
}
let vbv = 0, vv = 0;
for (let i = 0; i < n; i++) {
  vbv += u[i] * v[i];
  vv += v[i] * v[i];
}
console.log("checksum " + Math.sqrt(vbv / vv).toFixed(9));
